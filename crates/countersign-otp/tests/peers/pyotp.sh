#!/bin/sh
# Makes a virtual environment with pyotp in the folder given, unless it is there already.
set -eu
[ -x "$1/bin/python" ] && "$1/bin/python" -c 'import pyotp' 2>/dev/null && exit 0
python3 -m venv "$1"
"$1/bin/pip" install --quiet --disable-pip-version-check pyotp==2.9.0
