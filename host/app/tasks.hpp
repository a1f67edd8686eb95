// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

namespace fourtuple::app {

/// Where an application gets its threads from: SystemC threads in a simulation, std::thread in a program.
class tasks {
 public:
  tasks() = default;
  tasks(const tasks&) = delete;
  tasks& operator=(const tasks&) = delete;
  virtual ~tasks() = default;

  /// Starts `body` soon, not within this call. Exceptions must not leave it.
  virtual void spawn(const std::string& name, std::function<void()> body) = 0;
};

}  // namespace fourtuple::app
