# SPDX-License-Identifier: Apache-2.0
"""What scripts/coverage is made of."""
