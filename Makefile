# Set-up, demo and tests. `make demo` and `make test` do everything on a fresh Debian or Ubuntu machine
# that has git, make, gcc and a Rust toolchain.

CARGO ?= cargo
DEMO  := demo

.PHONY: demo test build setup lint clean

# The example of examples/01-li6ps5cl: four short runs, then the diffusion coefficient.
demo: build
	@./examples/01-li6ps5cl/demo.sh $(CURDIR)/target/release/argyro $(DEMO)

test: setup
	$(CARGO) test --locked

build: setup
	$(CARGO) build --release --locked

# HDF5 and pkg-config: the only system packages that the build needs.
setup:
	@./setup.sh

lint: setup
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps

clean:
	$(CARGO) clean
	rm -rf $(DEMO)
