.PHONY: build test fuzz check-long demo release deb test-deb format check clean

build:
	dev/setup
	swift build

test:
	dev/test

fuzz:
	dev/setup
	dev/fuzz

check-long:
	dev/check-long

demo:
	dev/demo

# In its own folder, as going back and forth between the two kinds of build costs minutes.
release:
	dev/setup
	swift build --configuration release --product mailkeep --static-swift-stdlib --scratch-path .build-release

deb:
	dev/deb

# Not part of `make test`: it builds a release and a Debian to install it in.
test-deb:
	dev/test-deb

format:
	dev/format

check:
	dev/check

clean:
	rm -rf .build .build-release .build-deb .demo .fuzz
