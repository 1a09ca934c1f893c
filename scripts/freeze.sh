#!/bin/sh
# Usage: scripts/freeze.sh VENV > constraints.new
# The versions that VENV holds, without zhiyin itself and without torch's build suffix.
set -eu
cat <<'TXT'
# Exact versions of everything `make install` brings. Written by `make constraints`.
# torch carries no build suffix: 2.13.0 fits the CPU and the CUDA wheels alike.
TXT
"$1/bin/python" -m pip freeze --exclude-editable --exclude zhiyin | sed 's/^\(torch==[^+]*\)+.*/\1/'
