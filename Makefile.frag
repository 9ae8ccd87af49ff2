# Not in PHP_MODULES: phpize would then run "make test" with an empty "-d extension=".
squeeze_graph_so = $(phplibdir)/squeeze_graph.so
squeeze_graph_sources := $(shell find $(top_srcdir)/src -type f)

all: $(squeeze_graph_so)

$(squeeze_graph_so): $(top_srcdir)/Cargo.toml $(top_srcdir)/Cargo.lock $(top_srcdir)/build.rs $(squeeze_graph_sources)
	env PHP=$(PHP_EXECUTABLE) PHP_CONFIG=$(PHP_CONFIG_PATH) RUSTC=$(RUSTC) CARGO_TARGET_DIR=$(top_builddir)/target \
		$(CARGO) build --manifest-path $(top_srcdir)/Cargo.toml --package squeeze_graph --release --locked
	mkdir -p $(phplibdir)
	cp $(top_builddir)/target/release/libsqueeze_graph.so $@
