// SPDX-License-Identifier: BSL-1.0
// What pending transactions cost in memory_storage, and what a million of them change, beside the least that does the
// same: a std::unordered_map of 80-byte entries, an id of 16 bytes and a record of 64.
//
//     bench_memory [--short]                             (--short: only to see that it works)
//     bench_memory work OURS|floor OPERATION PENDING COUNT          one of them: for a profiler

#include <phoneauth/storage/memory.hpp>

#include <malloc.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "measure.hpp"

using namespace phoneauth;
using namespace bench;
using namespace std::chrono_literals;

namespace {

using steady = std::chrono::steady_clock;

/// Ids that are as good as random, and none comes twice.
std::uint64_t scattered(std::uint64_t i) {
    i = (i ^ (i >> 30)) * 0xBF58476D1CE4E5B9u;
    i = (i ^ (i >> 27)) * 0x94D049BB133111EBu;
    return i ^ (i >> 31);
}

/// memory_storage as the flows use it.
class ours {
public:
    static constexpr const char* name = "phoneauth";

    explicit ours(std::uint64_t pending, system_clock::duration age = {}) : now_(system_clock().now()) {
        for (std::uint64_t i = 0; i < pending; ++i) insert(i, now_ - age);
    }

    void prepare_insert(std::uint64_t i) { next_ = made(i, now_); }
    void insert() { check(storage_.insert_transaction(next_)); }
    void prepare_find(std::uint64_t i) { id_ = id(i); }
    void find() { check(storage_.find_transaction(id_).has_value()); }
    void prepare_update(std::uint64_t i) { next_ = *storage_.find_transaction(id(i)); }
    void update() { check(storage_.update_transaction(next_)); }

private:
    static std::string id(std::uint64_t i) {
        char text[40];
        const auto n = scattered(i);
        std::snprintf(text, sizeof text, "%08X-%04X-4000-8000-%012llX", static_cast<unsigned>(n >> 32),
                      static_cast<unsigned>(n >> 16 & 0xFFFF), static_cast<unsigned long long>(i));
        return text;
    }
    static transaction made(std::uint64_t i, time_point created) {
        transaction t{id(i), purpose::login, *phone_number::parse("+14155550100")};
        t.user_id = "01234567-89AB-CDEF-0123-456789ABCDEF";
        t.key_id = "k1";
        t.sends = 1;
        t.created_at = t.last_sent_at = created;
        t.expires_at = created + 5min;
        return t;
    }
    static void check(bool done) {
        if (!done) throw std::runtime_error("memory_storage has refused");
    }
    void insert(std::uint64_t i, time_point created) { check(storage_.insert_transaction(made(i, created))); }

    memory_storage storage_{{.transactions = 4'000'000}};
    time_point now_;
    transaction next_;
    std::string id_;
};

class least {
public:
    static constexpr const char* name = "std::unordered_map of 80-byte entries";

    explicit least(std::uint64_t pending) {
        for (std::uint64_t i = 0; i < pending; ++i) {
            prepare_insert(i);
            insert();
        }
    }

    void prepare_insert(std::uint64_t i) {
        id_ = id(i);
        next_.fill('x');
    }
    void insert() { map_.try_emplace(id_, next_); }
    void prepare_find(std::uint64_t i) { id_ = id(i); }
    void find() { copy_ = map_.at(id_); }
    void prepare_update(std::uint64_t i) { prepare_insert(i); }
    void update() { map_.at(id_) = next_; }

private:
    using id_type = std::array<char, 16>;
    using record = std::array<char, 64>;
    struct hash {
        std::size_t operator()(const id_type& id) const noexcept {
            std::uint64_t halves[2];
            std::memcpy(halves, id.data(), sizeof halves);
            return static_cast<std::size_t>(scattered(halves[0] ^ halves[1]));
        }
    };
    static id_type id(std::uint64_t i) {
        const std::uint64_t halves[2] = {scattered(i), i};
        id_type bytes;
        std::memcpy(bytes.data(), halves, sizeof halves);
        return bytes;
    }

    std::unordered_map<id_type, record, hash> map_;
    static_assert(sizeof(decltype(map_)::value_type) == 80);
    id_type id_{};
    record next_{}, copy_{};
};

enum class operation { insert, find, update };
constexpr std::array names{"insert", "find", "update"};

/// One of them, at some place among `pending`. → nanoseconds, the preparation not counted.
template <class Store>
double once(Store& store, operation what, std::uint64_t pending, std::uint64_t& next) {
    const auto place = scattered(next++) % pending;
    switch (what) {
    case operation::insert:
        store.prepare_insert((std::uint64_t{1} << 40) + next);
        break;
    case operation::find:
        store.prepare_find(place);
        break;
    case operation::update:
        store.prepare_update(place);
        break;
    }
    const auto begin = steady::now();
    if (what == operation::insert) store.insert();
    if (what == operation::find) store.find();
    if (what == operation::update) store.update();
    return std::chrono::duration<double, std::nano>(steady::now() - begin).count();
}

std::uint64_t unused = 0;

/// The median of some: one that was interrupted counts no more than another.
template <class Store>
double nanoseconds(Store& store, operation what, std::uint64_t pending) {
    series all;
    for (int i = 0; i < 400; ++i) all.add(once(store, what, pending, unused));
    return all.median();
}

double bytes_in_use() {
    const auto m = ::mallinfo2();
    return static_cast<double>(m.uordblks + m.hblkhd);
}

template <class Store>
series bytes_each(std::uint64_t pending) {
    series bytes;
    const auto before = bytes_in_use();
    const Store store(pending);
    bytes.add((bytes_in_use() - before) / static_cast<double>(pending));
    return bytes;
}

std::string amount(std::uint64_t n) {
    return n % 1'000'000 == 0 ? std::to_string(n / 1'000'000) + " million" : std::to_string(n);
}

struct extent {
    std::uint64_t many = 1'000'000;
    unsigned rounds = 15;
    unsigned counted = 20'000;
};

/// How many times as long an operation takes beside many as beside a thousand, and how long that is.
void growth(const extent& e) {
    ours much(e.many);
    least least_of_much(e.many);
    for (const auto what : {operation::insert, operation::find, operation::update}) {
        series time, theirs, grown, theirs_grown;
        for (unsigned round = 0; round < e.rounds; ++round) {
            ours few(1000);
            least least_of_few(1000);
            const auto small = nanoseconds(few, what, 1000), big = nanoseconds(much, what, e.many);
            const auto least_small = nanoseconds(least_of_few, what, 1000);
            const auto least_big = nanoseconds(least_of_much, what, e.many);
            time.add(big);
            theirs.add(least_big);
            grown.add(big / small);
            theirs_grown.add(least_big / least_small);
        }
        const std::string name = names[static_cast<std::size_t>(what)];
        print_row("memory, " + name + " beside " + amount(e.many) + " pending", "ns", time, least::name, theirs);
        print_row("memory, " + name + ": " + amount(e.many) + " pending against 1000", "times", grown, least::name,
                  theirs_grown);
    }
}

/// An insertion, which sweeps, while so many expired transactions wait for that, against one where none do.
void beside_expired(const extent& e) {
    ours swept(e.many, 3h), clean(1000), much(e.many);
    series time, few, many;
    for (unsigned round = 0; round < e.rounds; ++round) {
        time.add(nanoseconds(swept, operation::insert, e.many));
        few.add(nanoseconds(clean, operation::insert, 1000));
        many.add(nanoseconds(much, operation::insert, e.many));
    }
    const auto what = "memory, insert beside " + amount(e.many) + " expired";
    print_row(what, "ns", time, "the same beside " + amount(e.many) + " pending", many);
    print_row(what, "ns", time, "the same beside 1000 pending", few);
}

template <class Store>
int work(const std::string& name, std::uint64_t pending, unsigned count) {
    Store store(pending);
    for (std::size_t i = 0; i < names.size(); ++i)
        for (unsigned n = 0; name == names[i] && n < count; ++n)
            once(store, static_cast<operation>(i), pending, unused);
    return 0;
}

void instruction_rows(const extent& e) {
    for (const std::string name : names) {
        series mine, theirs;
        const auto of = [&](const char* whose) { return instructions({"work", whose, name, "10000"}, e.counted); };
        if (const auto n = of("ours")) mine.add(*n);
        if (const auto n = of("floor")) theirs.add(*n);
        if (!mine.empty())
            print_row("memory, " + name + " with its preparation: instructions", "each", mine, least::name, theirs);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.size() == 5 && arguments[0] == "work") {
        const auto pending = std::stoull(arguments[3]);
        const auto count = static_cast<unsigned>(std::stoul(arguments[4]));
        return arguments[1] == "floor" ? work<least>(arguments[2], pending, count)
                                       : work<ours>(arguments[2], pending, count);
    }
    const bool is_short = !arguments.empty() && arguments[0] == "--short";
    const auto how_much = is_short ? extent{10'000, 1, 0} : extent{};
    const auto mine = bytes_each<ours>(how_much.many), theirs = bytes_each<least>(how_much.many);
    print_row("memory, a pending transaction among " + amount(how_much.many), "bytes", mine, least::name, theirs);
    growth(how_much);
    beside_expired(how_much);
    if (how_much.counted) instruction_rows(how_much);
    return 0;
}
