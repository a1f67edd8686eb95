# SPDX-License-Identifier: Apache-2.0
"""Prints what cocotb's results file says of each test; the exit code is 1 if one has failed or there was none."""

import sys
from xml.etree import ElementTree


def main():
    cases = list(ElementTree.parse(sys.argv[1]).iter("testcase"))
    failed = 0
    for case in cases:
        bad = case.find("failure") is not None or case.find("error") is not None
        failed += bad
        print(f"{'failed' if bad else 'passed'}  {case.get('name')}  {float(case.get('sim_time_ns')) / 4:.0f} clocks")
    print(f"{len(cases) - failed} of {len(cases)} tests passed")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
