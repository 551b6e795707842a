# miniter: what people do with this tree. `make help` lists it.

CARGO ?= cargo
# The diesel command line tool, in the version that the crates are in.
DIESEL_VERSION := 2.3.14
DIESEL := .tools/bin/diesel

.DEFAULT_GOAL := help

.PHONY: help
help: ## List what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## Build miniter and serve on http://127.0.0.1:5000, with the database in data/
	$(CARGO) run --release --locked --bin miniter

.PHONY: build
build: ## Build target/release/miniter
	$(CARGO) build --release --locked --bin miniter

.PHONY: test
test: ## Run all tests
	$(CARGO) test --workspace --locked

.PHONY: tour
tour: ## Start a server and take the README's tour, comparing what it prints
	scripts/tour.sh

.PHONY: lint
lint: ## Check formatting, clippy's lints and the documentation's links
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- --deny warnings
	RUSTDOCFLAGS="--deny warnings" $(CARGO) doc --workspace --no-deps --locked --quiet

.PHONY: fmt
fmt: ## Format the code
	$(CARGO) fmt --all

.PHONY: layers
layers: ## Check that no layer sees what it must not
	scripts/layers.sh

.PHONY: schema
schema: $(DIESEL) ## Write schema.rs anew, from a database that the migrations have made
	scripts/schema.sh $(DIESEL)

.PHONY: schema-check
schema-check: $(DIESEL) ## Check that schema.rs is what the database says, and that every migration can be undone
	scripts/schema.sh $(DIESEL) --check

.PHONY: check
check: test lint layers schema-check tour ## All that CI checks

$(DIESEL):
	$(CARGO) install diesel_cli --version $(DIESEL_VERSION) --locked --no-default-features \
		--features sqlite-bundled --root .tools
