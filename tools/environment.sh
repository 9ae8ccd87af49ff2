# Sourced by the other tools: where the checkout, the build's results and Rust are.
# What `tools/build` made last stands in target/built, apart from Cargo's own files: there `cargo test
# --no-default-features` may put a library without the PHP binding under the same name.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
case $target in /*) ;; *) target=$root/$target ;; esac
built=$target/built
extension=$built/squeeze_graph.so
sandbox=$built/squeeze-graph-sandbox
php=${PHP:-php}

# rustup puts cargo on the path of login shells only.
command -v cargo >/dev/null || PATH=$PATH:${CARGO_HOME:-${HOME:-/root}/.cargo}/bin

say() { printf '%s\n' "$*" >&2; }
die() { local code=$1; shift; say "$(basename "$0"): $*"; exit "$code"; }

# Where this PHP's development files keep the runner of .phpt tests; empty when they are not there.
run_tests_script() {
    local config=${PHP_CONFIG:-php-config} folder
    command -v "$config" >/dev/null || return 0
    for folder in "$("$config" --extension-dir)" "$("$config" --prefix)/lib/php/$("$config" --phpapi)" "$("$config" --prefix)/lib/php"; do
        if [ -f "$folder/build/run-tests.php" ]; then printf '%s\n' "$folder/build/run-tests.php"; return 0; fi
    done
}
