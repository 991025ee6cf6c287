# Every target is one line over `vase` or a tool. Node.js comes from node_modules, whatever the system has; npm comes
# from the system. `make` alone shows the targets.

SYSTEM_PATH := $(PATH)
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

VASE := node --disable-warning=ExperimentalWarning scripts/vase.js
INSTALLED := node_modules/.package-lock.json
# Of every command: local or kind. Without it, the cluster that is there decides, and for a new one what the machine has.
ifdef PROVIDER
export VASE_PROVIDER := $(PROVIDER)
endif
SIZE := $(if $(SHARDS),--shards $(SHARDS)) $(if $(MEMBERS),--members $(MEMBERS)) \
  $(if $(SHARDERS),--sharders $(SHARDERS)) $(if $(PORT),--port $(PORT)) $(if $(SSD),--ssd $(SSD)) \
  $(if $(TOPOLOGY),--topology '$(TOPOLOGY)')
GKE = --project '$(PROJECT)' --region '$(REGION)' $(if $(NAME),--name '$(NAME)') $(if $(CONFIRM),--confirm '$(CONFIRM)')
GKE_SIZE = $(if $(EXPOSE),--expose '$(EXPOSE)') $(if $(ALLOW),--allow '$(ALLOW)') $(if $(SHARDS),--shards $(SHARDS)) \
  $(if $(MEMBERS),--members $(MEMBERS)) $(if $(SHARDERS),--sharders $(SHARDERS)) $(if $(TOPOLOGY),--topology '$(TOPOLOGY)')
# What a new cluster runs, fetched or built where there is none: chosen once, for all that the command starts.
WITH_ETCD = etcd="$$($(VASE) etcd default)" && VASE_ETCD="$$etcd"
SOURCES := sharder cluster sim scripts test
RUN_TESTS := node --disable-warning=ExperimentalWarning scripts/ci/run-tests.ts

.DEFAULT_GOAL := help
.PHONY: help up down clean status logs doctor test test-all test-rest test-unit test-properties test-contract test-e2e test-edge test-kind \
  check lint format typecheck boundaries dead-code sim deploy-gke destroy-gke bench-local bench-sharder bench-overload bench-original bench-moves bench-start mutate pictures \
  ci rooms

help: ## Show the targets.
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

$(INSTALLED): package-lock.json
	PATH="$(SYSTEM_PATH)" npm ci --loglevel=error && touch $@

up: $(INSTALLED) ## Bring the store up: SHARDS=3 MEMBERS=3 SHARDERS=2 PORT=5000 SSD=pd-ssd:10Gi (off), or TOPOLOGY=file.yaml. REPLACE=1: lost members, too.
	@$(VASE) up $(SIZE) $(if $(PROFILE),--profile $(PROFILE)) $(if $(REPLACE),--replace)

down: $(INSTALLED) ## Stop the cluster: local data stay, a kind cluster goes with its data.
	@$(VASE) down

clean: $(INSTALLED) ## Stop the cluster and delete its data.
	@$(VASE) clean

status: $(INSTALLED) ## Show shards, members, leaders and sharders, what is wrong and what to do.
	@$(VASE) status

logs: $(INSTALLED) ## Show the log of one member or sharder: NAME=etcd-1-0, FOLLOW=1 to go on.
	@$(VASE) logs $(if $(FOLLOW),--follow) $(NAME)

doctor: $(INSTALLED) ## Check this machine and give a fix for each fault.
	@$(VASE) doctor

# The same scenarios in every run, so that it judges the change and not its luck; test-properties and sim draw new ones.
test test-all test-rest: export SEED ?= 20261122
test: $(INSTALLED) ## Run the tests that take six minutes: unit tests, and the most telling ones against real etcds and clusters.
	@$(WITH_ETCD) $(RUN_TESTS) quick

test-all: $(INSTALLED) ## Run all tests but those of kind: half an hour.
	@$(WITH_ETCD) $(RUN_TESTS) all

test-rest: $(INSTALLED) ## Run what `make test` leaves to `make test-all`.
	@$(WITH_ETCD) $(RUN_TESTS) rest

test-unit: $(INSTALLED) ## Run the tests that need nothing but Node.js.
	@vitest run --project unit

test-properties: $(INSTALLED) ## Run the property tests; TARGET=cluster: faults on the cluster that is up, DURATION=60 SEED=.
	@$(if $(filter cluster,$(TARGET)),$(VASE) nemesis $(if $(DURATION),--duration $(DURATION)) \
	  $(if $(SEED),--seed $(SEED)),vitest run --project property)

test-contract: $(INSTALLED) ## Run the tests against a real etcd of each release that is found: VASE_ETCD_RELEASES=folder:folder (/var/tmp/etcd-builds/*, .vase/bin/fetched/*), PATH.
	@$(WITH_ETCD) vitest run --project contract

test-e2e: $(INSTALLED) ## Run the tests against real clusters of processes.
	@$(WITH_ETCD) vitest run --project e2e

test-edge: $(INSTALLED) ## Run the tests of what hostile clients can do to real servers: 10,000 requests drawn anew, SEED=.
	@$(WITH_ETCD) $(if $(SEED),SEED=$(SEED)) vitest run --project e2e test/e2e/edge

test-kind: $(INSTALLED) ## Run the tests against a real kind cluster: takes Docker, kind and kubectl, and about 15 minutes.
	@vitest run --project kind

test-resharding: $(INSTALLED) ## Grow and shrink real clusters under load and faults, with a report: PART=calm, MEMBERS=3 RATE=300 KEYS=100000.
	@$(WITH_ETCD) node --disable-warning=ExperimentalWarning test/resharding/resharding-main.ts \
	  $(if $(PART),--part $(PART)) $(if $(RATE),--rate $(RATE)) $(if $(KEYS),--keys $(KEYS)) $(if $(MEMBERS),--members $(MEMBERS))

check: lint format typecheck boundaries dead-code ## Run every check that is not a test.

lint: $(INSTALLED) ## Find mistakes in the sources.
	@oxlint

format: $(INSTALLED) ## Check the format; `make format FIX=1` mends it.
	@prettier $(if $(FIX),--write,--check) --log-level=warn .

typecheck: $(INSTALLED) ## Check the types.
	@tsc -p .

boundaries: $(INSTALLED) ## Check who imports whom.
	@depcruise --config .dependency-cruiser.cjs --output-type err $(SOURCES)

dead-code: $(INSTALLED) ## Find files, exports and dependencies that nothing uses.
	@knip

sim: $(INSTALLED) ## Soak the simulator: SEEDS=1..10000.
	@$(VASE) sim $(if $(SEEDS),--seeds $(SEEDS))

mutate: $(INSTALLED) ## Plant mistakes one at a time and show what nothing notices, a night's work: FILES=lane SEEDS=3000 FEW=1 LIMIT=500 SHARD=1/4 JOBS= RETRY=report.json.
	@node --disable-warning=ExperimentalWarning test/mutation/mutate-main.ts $(if $(FILES),--files '$(FILES)') \
	  $(if $(SEEDS),--seeds $(SEEDS)) $(if $(FEW),--few) $(if $(LIMIT),--limit $(LIMIT)) $(if $(SHARD),--shard $(SHARD)) \
	  $(if $(JOBS),--jobs $(JOBS)) $(if $(RETRY),--retry '$(RETRY)')

deploy-gke: $(INSTALLED) ## Show what GKE would get and cost: PROJECT= REGION= SHARDS=; does it with CONFIRM=<project>. EXPOSE=public ALLOW= NAME=.
	@$(VASE) deploy-gke $(GKE) $(GKE_SIZE)

destroy-gke: $(INSTALLED) ## Show what would be deleted on GKE: PROJECT= REGION= NAME=; does it with CONFIRM=<project>.
	@$(VASE) destroy-gke $(GKE)

bench-local: $(INSTALLED) ## Measure how the store scales, and draw it: PLAN=local (smoke, original, a file), PROVIDER=.
	@$(WITH_ETCD) $(VASE) bench --plan '$(or $(PLAN),local)' $(if $(PROVIDER),--provider $(PROVIDER))

bench-sharder: $(INSTALLED) ## Compare the sharder with bare node:http and Koa, one call per request, and etcd's JSON gateway.
	@$(WITH_ETCD) node test/bench/bench-sharder.ts

bench-overload: $(INSTALLED) ## Show what overload costs, in ratios, some 15 minutes: PART=slow-disk (paused-leader, slow-sharder, hot-key, dead-shard), ROUNDS=3 SECONDS=10.
	@$(WITH_ETCD) node --disable-warning=ExperimentalWarning test/bench/bench-overload.ts \
	  $(if $(PART),--part $(PART)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SECONDS),--seconds $(SECONDS))

bench-start: $(INSTALLED) ## Compare the start of `vase --help` and `vase get` with that of bare Node.js.
	@node --disable-warning=ExperimentalWarning test/bench/bench-start.ts

bench-original: $(INSTALLED) ## Compare Vase with a model of the original's path, under its load and limit; needs python3.
	@$(WITH_ETCD) node --disable-warning=ExperimentalWarning test/bench/bench-original.ts

bench-moves: $(INSTALLED) ## Compare moves with one client that batches puts, and freezes with writes, some 4 minutes: ROUNDS=3 KEYS=100000 SECONDS=10 MEMBERS=1.
	@$(WITH_ETCD) node --disable-warning=ExperimentalWarning test/bench/bench-moves.ts $(if $(MEMBERS),--members $(MEMBERS)) \
	  $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(KEYS),--keys $(KEYS)) $(if $(SECONDS),--seconds $(SECONDS))

pictures: $(INSTALLED) ## Draw the papers' pictures anew.
	@node --disable-warning=ExperimentalWarning scripts/papers/draw.ts

rooms: $(INSTALLED) ## Show the rooms, their files, and who imports whom; FLOOR=sim alone.
	@node --disable-warning=ExperimentalWarning scripts/papers/show-rooms.ts $(FLOOR)

ci: $(INSTALLED) ## Run every check and every test, and print `N passed, N failed`; RAN='up=0 test=0': not again.
	@node scripts/ci/ci.ts $(RAN)
