"""``python -m shouwang``."""

import sys

from shouwang.cli.main import main

sys.exit(main())
