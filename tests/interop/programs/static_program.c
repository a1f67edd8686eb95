// SPDX-License-Identifier: Apache-2.0
// A program of the interop tests that is linked statically: no library can be put in front of its libc.
int main(void) { return 0; }
