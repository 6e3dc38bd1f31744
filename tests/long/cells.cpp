// SPDX-License-Identifier: BSL-1.0
// Proof: every store takes cells as `decide` does. A hundred thousand random batches for each, through two handles of it
// as two servers have them whose clocks are two seconds apart.

#include "support.hpp"
#include "support/temporary_folder.hpp"

#include <phoneauth/testing/storage_suite.hpp>

#include <functional>

using namespace proofs;

namespace {

template <class S>
void prove(tally& t, const std::string& name, S& one, S& other, unsigned steps) {
    testing::suite_options options;
    options.steps = steps;
    testing::detail::storage_suite<S, std::identity> suite(one, other, {}, options);
    suite.cells();
    const auto findings = testing::to_text(std::move(suite).findings());
    t.expect(findings.empty(), name + ": " + std::to_string(steps) + " random batches; " +
                                   (findings.empty() ? "none is taken otherwise than it should be" : findings));
}

/// Forgets one batch in a thousand: the proof must find that.
struct forgetful : memory_storage {
    cell_answer take_cells(const cell_batch& b) {
        if (++calls_ % 1000 != 0) return memory_storage::take_cells(b);
        memory_storage other;
        return other.take_cells(b);
    }

private:
    unsigned calls_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    const auto steps = argc > 1 ? static_cast<unsigned>(std::atoi(argv[1])) : 100'000;
    if (steps == 0) {
        std::fprintf(stderr, "usage: long_cells [batches]\n");
        return 2;
    }
    tally t;
    memory_storage memory;
    prove(t, "memory", memory, memory, steps);
    {
        const support::temporary_folder temporary;
        const auto file = temporary.file("store.db");
        sqlite_storage one(file), other(file);
        prove(t, "SQLite", one, other, steps);
    }
    if (const auto url = url_of("PHONEAUTH_TEST_POSTGRES"); url.empty()) {
        t.skip("PostgreSQL: PHONEAUTH_TEST_POSTGRES is not set");
    } else {
        postgres_storage one(url), other(url);
        prove(t, "PostgreSQL", one, other, steps);
    }
    if (const auto url = url_of("PHONEAUTH_TEST_REDIS"); url.empty()) {
        t.skip("Redis: PHONEAUTH_TEST_REDIS is not set");
    } else {
        redis_storage one(url), other(url);
        prove(t, "Redis", one, other, steps);
    }
    forgetful bad;
    testing::suite_options options;
    options.steps = steps;
    options.threads = 1;
    testing::detail::storage_suite<forgetful, std::identity> suite(bad, bad, {}, options);
    suite.cells();
    t.expect(!std::move(suite).findings().empty(), "a store that forgets one batch in a thousand is caught");
    return t.finish();
}
