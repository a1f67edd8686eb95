// SPDX-License-Identifier: Apache-2.0
// SystemC has one simulation a process, and a test that has started it cannot build further modules. ctest runs each
// test in a process of its own; when a program is started by hand, use --gtest_filter to choose one.
#include <gmock/gmock.h>

#include <systemc>

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  return sc_core::sc_elab_and_sim(argc, argv);
}

int sc_main(int, char**) { return RUN_ALL_TESTS(); }
