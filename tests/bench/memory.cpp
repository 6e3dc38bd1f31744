// SPDX-License-Identifier: BSL-1.0
// What pending transactions cost in memory_storage, and what a million of them change, beside the least that does the
// same: a std::unordered_map of 80-byte entries, an id of 16 bytes and a record of 64.
//
//     bench_memory [--short]                             (--short: only to see that it works)
//     bench_memory work ours|floor insert|find|update PENDING all|prepare COUNT     one of them: for a profiler

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

enum class operation { insert, find, update };
constexpr std::array names{"insert", "find", "update"};

/// Ids that are as good as random, and none comes twice.
std::uint64_t scattered(std::uint64_t i) {
    i = (i ^ (i >> 30)) * 0xBF58476D1CE4E5B9u;
    i = (i ^ (i >> 27)) * 0x94D049BB133111EBu;
    return i ^ (i >> 31);
}

/// memory_storage as the flows use it.
class ours {
public:
    explicit ours(std::uint64_t pending, std::chrono::milliseconds age = {}) : now_(system_clock().now()) {
        for (std::uint64_t i = 0; i < pending; ++i) insert(i, now_ - age);
    }

    /// What one call is given.
    using argument = transaction;
    argument prepare(operation what, std::uint64_t i) {
        return what == operation::update ? *storage_.find_transaction(id(i)) : made(i, now_);
    }
    void perform(operation what, const argument& given) {
        if (what == operation::insert) check(storage_.insert_transaction(given));
        if (what == operation::find) check(storage_.find_transaction(given.id).has_value());
        if (what == operation::update) check(storage_.update_transaction(given));
    }

private:
    static std::string id(std::uint64_t i) {
        char text[48];
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
};

class least {
    using id_type = std::array<char, 16>;
    using record = std::array<char, 64>;

public:
    static constexpr const char* name = "std::unordered_map of 80-byte entries";

    explicit least(std::uint64_t pending) {
        for (std::uint64_t i = 0; i < pending; ++i) perform(operation::insert, prepare(operation::insert, i));
    }

    struct argument {
        id_type id;
        record value;
    };
    argument prepare(operation, std::uint64_t i) const {
        const std::uint64_t halves[2] = {scattered(i), i};
        argument given{};
        std::memcpy(given.id.data(), halves, sizeof halves);
        given.value.fill('x');
        return given;
    }
    void perform(operation what, const argument& given) {
        if (what == operation::insert) map_.try_emplace(given.id, given.value);
        if (what == operation::find) copy_ = map_.at(given.id);
        if (what == operation::update) map_.at(given.id) = given.value;
    }

private:
    struct hash {
        std::size_t operator()(const id_type& id) const noexcept {
            std::uint64_t halves[2];
            std::memcpy(halves, id.data(), sizeof halves);
            return static_cast<std::size_t>(scattered(halves[0] ^ halves[1]));
        }
    };

    std::unordered_map<id_type, record, hash> map_;
    static_assert(sizeof(decltype(map_)::value_type) == 80);
    record copy_{};
};

std::uint64_t unused = 0;

/// Calls at places all over `pending`; none of them was just looked at.
template <class Store>
std::vector<typename Store::argument> prepare(Store& store, operation what, std::uint64_t pending, unsigned count) {
    std::vector<typename Store::argument> all;
    all.reserve(count);
    for (unsigned i = 0; i < count; ++i) {
        const auto place =
            what == operation::insert ? (std::uint64_t{1} << 40) + unused + i : (i + unused) * 7919 % pending;
        all.push_back(store.prepare(what, place));
    }
    unused += count;
    return all;
}

/// The median of some portions: one that was interrupted counts no more than another.
template <class Store>
double nanoseconds(Store& store, operation what, std::uint64_t pending) {
    constexpr std::size_t portion = 20;
    const auto all = prepare(store, what, pending, 800);
    series times;
    for (std::size_t i = 0; i < all.size(); i += portion) {
        const auto begin = steady::now();
        for (std::size_t k = i; k < i + portion; ++k) store.perform(what, all[k]);
        times.add(std::chrono::duration<double, std::nano>(steady::now() - begin).count() / portion);
    }
    return times.median();
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
    unsigned rounds = 9;
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

/// `prepare`: only what stands before the calls.
template <class Store>
int work(const std::vector<std::string>& arguments) {
    const auto pending = std::stoull(arguments[3]), count = std::stoull(arguments[5]);
    Store store(pending);
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (arguments[2] != names[i]) continue;
        const auto what = static_cast<operation>(i);
        constexpr unsigned portion = 500;  // fewer than are pending
        for (std::uint64_t done = 0; done < count; done += portion)
            for (const auto& each : prepare(store, what, pending, portion))
                if (arguments[4] == "all") store.perform(what, each);
    }
    return 0;
}

/// Those of the calls alone.
series counted_calls(const char* whose, const std::string& name, const extent& e) {
    const auto of = [&](const char* part) { return instructions({"work", whose, name, "10000", part}, e.counted); };
    series s;
    const auto all = of("all"), before = of("prepare");
    if (all && before) s.add(*all - *before);
    return s;
}

void instruction_rows(const extent& e) {
    for (const std::string name : names) {
        const auto mine = counted_calls("ours", name, e);
        if (mine.empty()) return;
        print_row("memory, " + name + ": instructions", "each", mine, least::name, counted_calls("floor", name, e));
    }
}

/// Memory that was used before: a store that grows waits for the kernel's pages, a small one, made anew, does not, and
/// that is no matter of its size.
void warm_heap(std::size_t bytes) {
    ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
    ::mallopt(M_TRIM_THRESHOLD, 2'000'000'000);
    std::vector<char*> all;
    for (std::size_t i = 0; i < bytes; i += 1 << 20) {
        all.push_back(static_cast<char*>(std::malloc(1 << 20)));
        if (all.back()) std::memset(all.back(), 'x', 1 << 20);
    }
    for (auto* each : all) std::free(each);
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.size() == 6 && arguments[0] == "work")
        return arguments[1] == "floor" ? work<least>(arguments) : work<ours>(arguments);
    const bool is_short = !arguments.empty() && arguments[0] == "--short";
    const auto how_much = is_short ? extent{10'000, 1, 0} : extent{};
    const auto mine = bytes_each<ours>(how_much.many), theirs = bytes_each<least>(how_much.many);
    print_row("memory, a pending transaction among " + amount(how_much.many), "bytes", mine, least::name, theirs);
    warm_heap(1300 * how_much.many);
    growth(how_much);
    beside_expired(how_much);
    if (how_much.counted) instruction_rows(how_much);
    return 0;
}
