// SPDX-License-Identifier: Apache-2.0
// One case of the stack bench. Under callgrind the instructions of the operations are counted. It prints what else they
// came to: frames, lookups, bytes summed; for "idle" the bytes that connections take.
#include <fmt/format.h>
#include <malloc.h>

#include <boost/program_options.hpp>
#include <exception>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/stack/counting.hpp"
#include "bench/stack/stack_pair.hpp"
#include "host/base/seeded_random.hpp"

namespace fourtuple::bench {
namespace {

struct work {
  std::string stack;
  std::string name;
  std::string pattern;
  std::size_t connections = 0;
  std::size_t operations = 0;
};

std::unique_ptr<stack_pair> make_pair_for(const work& w) {
  if (w.stack == "lwip") return make_lwip_pair();
  static const std::map<std::string, offload> offloads{
      {"nic", offload::nic}, {"no-lookup", offload::no_lookup}, {"software", offload::none}};
  const auto found = offloads.find(w.stack);
  if (found == offloads.end()) throw std::invalid_argument("--stack takes nic, no-lookup, software or lwip");
  return make_fourtuple_pair(found->second, w.connections);
}

void print(const work_done& before, const work_done& after, std::size_t operations) {
  const auto each = [operations](std::uint64_t from, std::uint64_t to) {
    return static_cast<double>(to - from) / static_cast<double>(operations);
  };
  std::cout << fmt::format("{} {} {}\n", each(before.frames, after.frames), each(before.lookups, after.lookups),
                           each(before.summed_bytes, after.summed_bytes));
}

/// Which connection each exchange uses: worked out before anything is counted.
std::vector<std::size_t> choose(const work& w, std::size_t exchanges) {
  std::vector<std::size_t> result(exchanges, 0);
  base::seeded_random random{7};
  for (std::size_t n = 0; n < exchanges; ++n) {
    if (w.pattern == "cyclic") result[n] = n % w.connections;
    if (w.pattern == "random") result[n] = static_cast<std::size_t>(random.next() % w.connections);
  }
  return result;
}

void run_rr(stack_pair& pair, const work& w) {
  constexpr std::size_t warm_up = 200;
  pair.reserve(w.connections);
  pair.open(w.connections);
  // A new connection's first data is acknowledged at once: each has had some before.
  for (std::size_t n = 0; n < w.connections; ++n) pair.exchange(n);
  const std::vector<std::size_t> chosen = choose(w, warm_up + w.operations);
  for (std::size_t n = 0; n < warm_up; ++n) pair.exchange(chosen[n]);
  const work_done before = pair.done();
  {
    const counted from_here;
    for (std::size_t n = 0; n < w.operations; ++n) pair.exchange(chosen[warm_up + n]);
  }
  print(before, pair.done(), w.operations);
}

/// `connections` says how many are in TIME_WAIT when counting begins.
void run_conn(stack_pair& pair, const work& w) {
  const ending how = w.pattern == "rst" ? ending::rst : ending::fin;
  const bool with_exchange = w.name == "conn-rr";
  constexpr std::size_t warm_up = 200;
  pair.reserve(1);
  for (std::size_t n = 0; n < w.connections; ++n) pair.connect_and_end(ending::fin, false);
  for (std::size_t n = 0; n < warm_up; ++n) pair.connect_and_end(how, with_exchange);
  const work_done before = pair.done();
  {
    const counted from_here;
    for (std::size_t n = 0; n < w.operations; ++n) pair.connect_and_end(how, with_exchange);
  }
  print(before, pair.done(), w.operations);
}

void run_bulk(stack_pair& pair, const work& w) {
  pair.reserve(1);
  pair.open(1);
  pair.bulk(4 * 1024 * 1024);
  const work_done before = pair.done();
  {
    const counted from_here;
    pair.bulk(w.operations);
  }
  print(before, pair.done(), w.operations);
}

std::size_t heap_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

void run_idle(stack_pair& pair, const work& w) {
  pair.reserve(w.connections);
  const std::size_t before = heap_bytes();
  pair.open(w.connections);
  const std::size_t after = heap_bytes();
  std::cout << fmt::format("{}\n", (after - before) / (2 * w.connections));
}

void run(const work& w) {
  const auto pair = make_pair_for(w);
  if (w.name == "rr") {
    run_rr(*pair, w);
  } else if (w.name == "conn" || w.name == "conn-rr") {
    run_conn(*pair, w);
  } else if (w.name == "bulk") {
    run_bulk(*pair, w);
  } else if (w.name == "idle") {
    run_idle(*pair, w);
  } else {
    throw std::invalid_argument("--case takes rr, conn, conn-rr, bulk or idle");
  }
}

}  // namespace
}  // namespace fourtuple::bench

int main(int argc, char** argv) {
  namespace po = boost::program_options;
  fourtuple::bench::work w;
  po::options_description options;
  options.add_options()("stack", po::value(&w.stack)->required())("case", po::value(&w.name)->required())(
      "pattern", po::value(&w.pattern)->default_value("hot"))(
      "connections", po::value(&w.connections)->default_value(1))("operations",
                                                                  po::value(&w.operations)->default_value(1000));
  try {
    po::variables_map values;
    po::store(po::parse_command_line(argc, argv, options), values);
    po::notify(values);
    fourtuple::bench::run(w);
  } catch (const std::exception& error) {
    std::cerr << "bench_stack: " << error.what() << '\n';
    return 2;
  }
  return 0;
}
