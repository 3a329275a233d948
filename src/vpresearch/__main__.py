"""``python -m vpresearch``."""

import sys

from vpresearch.cli import main

sys.exit(main())
