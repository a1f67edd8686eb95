// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/system/scenario/setting.hpp"

namespace fourtuple::model::system {

/// The settings of [faults].
void add_faults(settings_table<platform_options>& table);

}  // namespace fourtuple::model::system
