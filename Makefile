# make demo    read the samples with the bundled model (needs Python 3.11 to 3.13)
# make test    every test, in an environment of its own
# make help    the rest

PYTHON ?= python3
# MNIST as Keras ships it; without it `train` looks in Keras's cache, then downloads.
MNIST ?= $(wildcard ../shared/data/mnist.npz)
# Pen strokes to mix in; without them digits come from MNIST alone.
STROKES ?= $(wildcard ../shared/data/pendigits_strokes.json.gz ../shared/data/unipen_strokes.json.gz)
# The seeds of the networks that the bundled one learns from, and of the pupils that it is one of.
TEACHERS ?= 0 1 2 3 4
PUPILS ?= 0 1 2
# And of the reader of pen trajectories.
TRAJECTORY_SEED ?= 1
# tflite-runtime 2.14 has no wheels for later ones.
PYTHON311 ?= python3.11
# Rendered photos, GRADE-SEED-COUNT of each folder: of the hands to learn from, with boxes to find
# and digits to cut out; and of the validation writers, to measure on and to calibrate by.
LEARNT := $(foreach each,scan:300 desk:500 hard:500 odd:500 strip:150,$(foreach seed,101 102 103 104 105,\
	$(firstword $(subst :, ,$(each)))-$(seed)-$(lastword $(subst :, ,$(each)))))
BOXES_LEARNT ?= $(LEARNT) $(foreach seed,101 102 103 104 105,negatives-$(seed)-150) \
	odd_negatives-101-300 odd_negatives-102-300
BOXES_VALIDATION ?= desk-1-100 hard-1-100 scan-1-100 strip-1-100 negatives-1-50 odd-1-100
DIGITS_LEARNT ?= $(filter-out odd-%,$(LEARNT))
DIGITS_VALIDATION ?= $(foreach grade,scan desk hard,$(foreach seed,8 9 10 11 12,$(grade)-$(seed)-300))
# Processes that render and cut them.
JOBS ?= 2
# Beside the one that `make test` uses.
PYTHONS ?= python3.12 python3.13
# Of rendered photos.
GRADE ?= desk
# Of the machine that a bundle is for; there PYTHON is a version: 3.13 (Trixie) or 3.11 (Bookworm).
ARCH ?= aarch64
# Of the Debian that the bundle is tried in, and where it is kept.
RELEASE ?= trixie
ARM64 ?= /var/tmp/fivebox-arm64
SYSTEMD ?= /var/tmp/fivebox-systemd

TRAIN := .venv-test/bin/python -m train
CONVERT := .venv-test/bin/python -m convert
FIRST := $(firstword $(PUPILS))
OTHERS := $(wordlist 2,9,$(PUPILS))
LEARNT_IN := build/photos/learnt-
VALIDATION_IN := build/photos/validation-
DATA := $(if $(MNIST),--data $(MNIST)) $(foreach file,$(STROKES),--strokes $(file))

EDGE := .venv/.ready
WORKSHOP := .venv-test/.ready
DESKTOP := .venv-desktop/.ready
TFLITE := .venv-tflite-runtime/.ready
COMPARE := .venv-compare/.ready

.PHONY: help demo test test-window test-tflite-runtime run-tflite-runtime test-pythons lint format model boxes samples accuracy speed compare photos docs bundle test-arm64 test-systemd soak clean
.DELETE_ON_ERROR:

help:
	@echo "make demo      read everything in samples/, annotated pictures in out/"
	@echo "make test      install what the tests need and run them all"
	@echo "make test-window  the textbook's window, on a screen of its own"
	@echo "make test-tflite-runtime  the old runtime and TFLite Micro  [PYTHON311=python3.11]"
	@echo "make test-pythons  the same bytes on other Pythons    [PYTHONS='python3.12 python3.13']"
	@echo "make lint      ruff and mypy"
	@echo "make format    lay the code out with ruff"
	@echo "make model     train and convert all networks of digits  [MNIST=mnist.npz STROKES=...]"
	@echo "make boxes     render photos, train and convert the detector of boxes  [JOBS=2]"
	@echo "make samples   make the photos and recordings in samples/ anew"
	@echo "make accuracy  measure on real input and rendered photos  [FIVEBOX_DATA=folder]"
	@echo "make speed     time each stage of a reading           [FIVEBOX_DATA=folder]"
	@echo "make compare   measure other programs beside this one  [PEERS=fivebox,rapidocr LIMIT=10]"
	@echo "make photos    render photos of envelopes             [GRADE=scan|desk|hard|odd]"
	@echo "make docs      the manual as a site, in site/"
	@echo "make bundle    all that an installation without a network needs, in dist/  [ARCH=aarch64 PYTHON=3.13]"
	@echo "make test-arm64  the bundle in a Debian for arm64 under qemu  [RELEASE=trixie]"
	@echo "make test-systemd  the service under a systemd of its own  [RELEASE=trixie]"
	@echo "make soak      the kiosk under faults, for hours"
	@echo "make clean     remove environments and everything built"

demo: $(EDGE)
	@.venv/bin/python -m edge read samples --annotate out
	@echo "annotated pictures are in out/"

test: $(WORKSHOP)
	@scripts/make-system-packages
	.venv-test/bin/python -m pytest -n 2 --dist loadfile

# The textbook's window, which needs an OpenCV with windows and a screen (Xvfb's will do).
test-window: $(WORKSHOP) $(DESKTOP)
	@scripts/make-system-packages
	.venv-test/bin/python -m pytest tests/system/test_pad.py

# The kiosk with tflite-runtime 2.14, and files of the converter in it. CI runs this too, and
# where there is no Python 3.11 it says so.
test-tflite-runtime: $(WORKSHOP)
	@if command -v $(PYTHON311) >/dev/null && $(PYTHON311) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; \
	then $(MAKE) --no-print-directory run-tflite-runtime; \
	else echo "make: no Python 3.11 here, so tflite-runtime 2.14 was not tested; name one: make test-tflite-runtime PYTHON311=..."; fi

run-tflite-runtime: $(TFLITE)
	.venv-tflite-runtime/bin/python -m pytest tests/edge/test_bundled_model.py tests/edge/test_recognizer.py
	FIVEBOX_TFLITE_RUNTIME=$(CURDIR)/.venv-tflite-runtime/bin/python .venv-test/bin/python -m pytest tests/convert/test_old_runtimes.py

# The converter writes the same bytes on each of these Pythons, where they are there.
test-pythons: $(WORKSHOP)
	@scripts/test-pythons .venv-test/bin/python $(PYTHONS)

lint: $(WORKSHOP)
	.venv-test/bin/ruff check .
	.venv-test/bin/ruff format --check .
	.venv-test/bin/mypy

format: $(WORKSHOP)
	.venv-test/bin/ruff check --fix .
	.venv-test/bin/ruff format .

# Each step goes on where it was stopped, and is not done twice. With a GPU and fivebox[jax]:
# KERAS_BACKEND=jax make model.
model: build/cutouts.npz build/cutouts-validation.npz $(WORKSHOP)
	for seed in $(TEACHERS); do \
		$(TRAIN) --recipe postcode-teacher $(DATA) --seed $$seed --out build/teacher-$$seed || exit; \
	done
	for seed in $(PUPILS); do \
		$(TRAIN) $(DATA) --seed $$seed $(TEACHERS:%=--teacher build/teacher-%) \
			--out build/postcode-$$seed || exit; \
	done
	$(TRAIN) quantize build/postcode-$(FIRST) --bits 8 --extra build/cutouts.npz \
		--no-imitate-mistakes --epochs 60 --learning-rate 0.0003 --out build/postcode-cut
	$(TRAIN) quantize build/postcode-cut --bits 8 --extra build/cutouts.npz \
		--no-imitate-mistakes $(OTHERS:%=--teacher build/postcode-%) \
		--epochs 15 --learning-rate 0.0002 --out build/postcode-int8
	$(CONVERT) build/postcode-int8/postcode.keras -o edge/models/postcode.tflite \
		--quantize int8 --calibrate build/cutouts-validation.npz
	$(TRAIN) quantize build/postcode-$(FIRST) --bits 4 --out build/postcode-int4
	$(CONVERT) build/postcode-int4/postcode.keras -o edge/models/postcode-int4.tflite --quantize int4
	$(TRAIN) --recipe postcode-nano $(DATA) --teacher build/postcode-$(FIRST) --seed $(FIRST) \
		--out build/postcode-nano
	$(CONVERT) build/postcode-nano/postcode-nano.keras -o edge/models/postcode-nano.tflite --quantize int8
	$(TRAIN) trajectory $(STROKES:%=--strokes %) --seed $(TRAJECTORY_SEED) --out build/trajectory
	$(CONVERT) trajectory build/trajectory/trajectory.keras -o edge/models/trajectory.tflite

# With a GPU and fivebox[jax]: KERAS_BACKEND=jax make boxes.
boxes: $(BOXES_LEARNT:%=$(LEARNT_IN)%) $(BOXES_VALIDATION:%=$(VALIDATION_IN)%) $(WORKSHOP)
	$(TRAIN) detector $(BOXES_LEARNT:%=$(LEARNT_IN)%) \
		--validation $(BOXES_VALIDATION:%=$(VALIDATION_IN)%) --jobs $(JOBS) --out build/boxes
	$(CONVERT) detector build/boxes/boxes.keras -o edge/models/boxes.tflite

build/cutouts.npz: $(DIGITS_LEARNT:%=$(LEARNT_IN)%) | $(WORKSHOP)
	$(TRAIN) cutouts $(DIGITS_LEARNT:%=$(LEARNT_IN)%) --jobs $(JOBS) --out $@

build/cutouts-validation.npz: $(DIGITS_VALIDATION:%=$(VALIDATION_IN)%) | $(WORKSHOP)
	$(TRAIN) cutouts $(DIGITS_VALIDATION:%=$(VALIDATION_IN)%) --found-only --jobs $(JOBS) --out $@

# WRITERS-GRADE-SEED-COUNT; rendered aside, so that a folder that is there is whole.
build/photos/%: | $(WORKSHOP)
	@mkdir -p build/photos && rm -rf $@.partial
	set -- $(subst -, ,$*); \
	.venv-test/bin/python -m benchmarks.envelopes --writers $$1 --grade $$2 --seed $$3 --count $$4 \
		--jobs $(JOBS) --out $@.partial
	mv $@.partial $@

samples: $(WORKSHOP)
	.venv-test/bin/python -m samples

accuracy: $(WORKSHOP)
	.venv-test/bin/python -m benchmarks.accuracy

speed: $(WORKSHOP)
	.venv-test/bin/python -m benchmarks.speed

# The textbook's program, RapidOCR and Tesseract on the same input, in an environment of its
# own; takes a quarter of an hour, and some minutes before for the textbook's network.
compare: $(COMPARE)
	@scripts/make-system-packages compare
	.venv-compare/bin/python -m train --recipe dmlp $(if $(MNIST),--data $(MNIST)) --out build/compare/dmlp
	.venv-compare/bin/python -m benchmarks.compare $(if $(PEERS),--peers $(PEERS)) $(if $(LIMIT),--limit $(LIMIT))

photos: $(WORKSHOP)
	.venv-test/bin/python -m benchmarks.envelopes --grade $(GRADE) --out out/photos-$(GRADE)

# Ends where a link leads nowhere. Not with --quiet, which warnings would not be counted with.
docs: $(WORKSHOP)
	.venv-test/bin/python -m mkdocs build
	@echo "the manual is in site/index.html"

# One file with which a Pi that has no network becomes a kiosk.
bundle:
	@$(MAKE) --no-print-directory PYTHON=python3 $(EDGE)
	@scripts/make-bundle .venv/bin/python $(ARCH) $(or $(filter 3.%,$(PYTHON)),3.13) dist

# The bundle installed in a Debian for arm64 under qemu; takes half an hour and root.
test-arm64: $(EDGE)
	@scripts/test-arm64 .venv/bin/python $(RELEASE) $(ARM64)

# The service in a Debian under a systemd of its own; takes minutes and root.
test-systemd: $(EDGE)
	@scripts/test-systemd .venv/bin/python $(RELEASE) $(SYSTEMD)

# The faults of tests/system/faults at full size: hours.
soak: $(WORKSHOP)
	@scripts/make-system-packages
	FIVEBOX_SOAK=1 .venv-test/bin/python -m pytest -rP tests/system/faults

# A target is written last, so that an installation that broke off is done again.
$(EDGE): pyproject.toml
	@scripts/make-venv $(PYTHON) .venv edge
	@touch $@

$(WORKSHOP): pyproject.toml
	@scripts/make-venv $(PYTHON) .venv-test train,kiosk,print,publish,update,archive,cluster,docs,test,dev
	@touch $@

$(DESKTOP): pyproject.toml
	@scripts/make-venv $(PYTHON) .venv-desktop desktop
	@touch $@

$(TFLITE): scripts/make-tflite-runtime
	@scripts/make-tflite-runtime $(PYTHON311) .venv-tflite-runtime
	@touch $@

$(COMPARE): pyproject.toml
	@scripts/make-venv $(PYTHON) .venv-compare compare
	@touch $@

clean:
	rm -rf .venv .venv-test .venv-desktop .venv-tflite-runtime .venv-compare build out dist site *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
