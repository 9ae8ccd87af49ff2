dnl Lets phpize, and so PIE, build the extension with Cargo: phpize && ./configure && make && make install.

PHP_ARG_ENABLE([squeeze_graph],
  [whether to enable squeeze_graph],
  [AS_HELP_STRING([--enable-squeeze_graph], [Enable squeeze_graph])],
  [yes])

if test "$PHP_SQUEEZE_GRAPH" != "no"; then
  dnl rustup puts its programs on the path of login shells only.
  squeeze_graph_path="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"
  AC_PATH_PROG([CARGO], [cargo], [no], [$squeeze_graph_path])
  AC_PATH_PROG([RUSTC], [rustc], [no], [$squeeze_graph_path])
  if test "$CARGO" = "no" || test "$RUSTC" = "no"; then
    AC_MSG_ERROR([cargo or rustc was not found. Install Rust from https://rustup.rs and run ./configure again.])
  fi
  squeeze_graph_wanted=`sed -n 's/^rust-version = "\(.*\)"/\1/p' $abs_srcdir/Cargo.toml`
  squeeze_graph_found=`$RUSTC --version | cut -d ' ' -f 2`
  AC_MSG_CHECKING([for Rust $squeeze_graph_wanted or newer])
  AC_MSG_RESULT([$squeeze_graph_found])
  AS_VERSION_COMPARE([$squeeze_graph_found], [$squeeze_graph_wanted],
    [AC_MSG_ERROR([Rust $squeeze_graph_found is too old, $squeeze_graph_wanted or newer is needed. Distributions often have an older one: install it from https://rustup.rs, or run: rustup update stable])])
  AC_PATH_PROG([CLANG], [clang], [no])
  if test "$CLANG" = "no"; then
    AC_MSG_ERROR([clang was not found. It reads PHP's headers; on Debian: apt-get install clang libclang-dev])
  fi
  dnl $PHP_PHP_CONFIG may be a bare name; the build needs a path.
  AS_CASE([$PHP_PHP_CONFIG],
    [*/*], [PHP_CONFIG_PATH=$PHP_PHP_CONFIG],
    [AC_PATH_PROG([PHP_CONFIG_PATH], [$PHP_PHP_CONFIG], [$PHP_PHP_CONFIG])])
  dnl Without a folder to make, configure complains about its own mkdir.
  PHP_ADD_BUILD_DIR([modules])
  PHP_SUBST([CARGO])
  PHP_SUBST([RUSTC])
  PHP_SUBST([PHP_CONFIG_PATH])
  PHP_ADD_MAKEFILE_FRAGMENT([Makefile.frag])
fi
