// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "host/app/file_transfer.hpp"
#include "host/app/workloads/workload.hpp"

namespace fourtuple::app {

/// The same bytes across a number of connections from each client, all opened at once; the server compares SHA-256s.
class bulk_workload final : public workload {
 public:
  /// `payload` must stay valid.
  bulk_workload(const std::vector<workload_host>& clients, const workload_host& server, packet::ipv4_address address,
                std::uint16_t port, std::uint64_t connections, std::span<const std::byte> payload);

  void start() override;
  void stop() override {}
  [[nodiscard]] bool done() const override;
  [[nodiscard]] workload_results results() const override;
  [[nodiscard]] amount progress() const override;

 private:
  [[nodiscard]] std::uint64_t connections() const noexcept { return connections_ * senders_.size(); }

  std::uint64_t connections_;
  std::uint64_t payload_bytes_;
  transfer_server receiver_;
  std::vector<std::unique_ptr<transfer_client>> senders_;
};

}  // namespace fourtuple::app
