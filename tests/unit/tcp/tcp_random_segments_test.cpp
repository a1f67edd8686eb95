// SPDX-License-Identifier: Apache-2.0
// Segments with right checksums and otherwise anything in them, around the edges of the window, in every state: the
// stack answers or drops, keeps its counts, and lets go of everything in the end.
#include <gtest/gtest.h>

#include <cerrno>

#include "host/sock/inet_hashinfo.hpp"
#include "tests/support/scripted_peer.hpp"

namespace fourtuple::support {
namespace {

/// Numbers near what matters, and now and then anything.
std::uint32_t near(seeded_random& random, std::uint32_t around) {
  switch (random.next() % 8) {
    case 0:
      return static_cast<std::uint32_t>(random.next());
    case 1:
      return around + 65'535;
    case 2:
      return around - 1;
    case 3:
      return around + static_cast<std::uint32_t>(random.next() % 5000);
    default:
      return around;
  }
}

captured_segment random_segment(seeded_random& random, std::uint32_t seq, std::uint32_t ack) {
  captured_segment s;
  s.source = address_of_end[1];
  s.destination = address_of_end[0];
  s.header.source_port = static_cast<std::uint16_t>(40'000 + random.next() % 3);
  s.header.destination_port = 8080;
  s.header.seq = near(random, seq);
  s.header.ack_seq = near(random, ack);
  s.header.window = random.chance(200) ? std::uint16_t{0} : static_cast<std::uint16_t>(random.next());
  s.header.flags = {.fin = random.chance(60),
                    .syn = random.chance(80),
                    .rst = random.chance(15),
                    .psh = random.chance(300),
                    .ack = !random.chance(60),
                    .urg = random.chance(50),
                    .ece = random.chance(50),
                    .cwr = random.chance(50)};
  if (random.chance(300)) s.options.timestamps = packet::tcp_timestamps{near(random, 1000), near(random, 2000)};
  if (random.chance(200)) s.options.mss = static_cast<std::uint16_t>(random.next());
  if (random.chance(200)) s.options.window_scale = static_cast<std::uint8_t>(random.next());
  s.options.sack_permitted = random.chance(300);
  if (random.chance(300) && !s.options.mss) {
    s.options.sack_block_count = static_cast<std::uint8_t>(1 + random.next() % 2);
    for (auto& block : s.options.sack_blocks) block = {near(random, ack), near(random, ack + 1000)};
  }
  s.payload = pattern(s.header.seq, random.chance(500) ? random.next() % 1400 : 0);
  return s;
}

struct tracker final {
  std::uint32_t seq = 1;
  std::uint32_t ack = 1;
};

TEST(random_segments, are_survived_in_every_state) {
  std::uint64_t opened = 0;
  std::uint64_t closed_in_order = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    network_settings settings = scripted_peer::default_settings();
    settings.seed = seed;
    settings.host[0].tcp.tcp_timestamps = seed % 2 == 0;
    scripted_peer peer{settings};
    seeded_random random{seed};
    const endpoint listener = peer.listen(8080, 4);
    std::vector<endpoint> open;
    tracker now;
    for (int i = 0; i < 600; ++i) {
      const auto& said = peer.network().wire().capture();
      for (auto it = said.rbegin(); it != said.rend(); ++it) {
        if (it->from_end != 0) continue;
        // What the stack expects next, so that many segments are right.
        now.ack = it->header.seq + it->segment_length();
        now.seq = it->header.flags.ack ? it->header.ack_seq : now.seq;
        break;
      }
      peer.network().wire().send(1, assemble(random_segment(random, now.seq, now.ack), mac_of_end(1), mac_of_end(0)));
      peer.run_for_ms(random.chance(50) ? random.next() % 3000 : random.next() % 3);
      if (open.empty() && random.chance(500)) {
        // Left to chance alone few handshakes would come to an end.
        peer.set_ports(static_cast<std::uint16_t>(40'000 + random.next() % 3), 8080);
        peer.send("S 0:0(0) win 65535 <mss 1000,sackOK,wscale 3>");
        peer.send(". 1:1(0) ack 1 win 65535");
      }
      int error = 0;
      if (tcp::tcp_sock* child = peer.tcp().accept(listener.sk(), error)) open.emplace_back(peer.network(), 0, *child);
      if (open.empty()) continue;
      const std::size_t which = random.next() % open.size();
      switch (random.next() % 12) {
        case 0:
        case 1:
        case 2:
          static_cast<void>(open[which].write(pattern(0, random.next() % 4000)));
          break;
        case 3:
        case 4:
          static_cast<void>(open[which].read(random.next() % 4000));
          break;
        case 5:
          static_cast<void>(open[which].shutdown(static_cast<int>(random.next() % 3)));
          break;
        case 6:
          open[which].close();
          open.erase(open.begin() + static_cast<std::ptrdiff_t>(which));
          break;
        default:
          break;
      }
    }
    opened += peer.network().counter(0, "TcpPassiveOpens");
    closed_in_order += peer.network().counter(0, "TcpExtTW");
    for (const auto& e : open) e.close();
    listener.close();
    peer.run_for_ms(3'000'000);
    EXPECT_EQ(peer.network().host(0).hashinfo().ehash().size(), 0U) << seed;
    EXPECT_EQ(peer.network().counter(0, "TcpCurrEstab"), 0U) << seed;
    EXPECT_EQ(peer.network().host(0).hashinfo().bhash().find(8080), nullptr) << seed;
  }
  EXPECT_GT(opened, 300U);
  EXPECT_GT(closed_in_order, 5U);
}

}  // namespace
}  // namespace fourtuple::support
