// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_SECRETS_WATCH_HPP
#define PHONEAUTH_TESTS_SECRETS_WATCH_HPP

#include <boost/test/unit_test.hpp>

#include <array>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

#include "support/sanitized.hpp"

// What this program's `free`, which is in freed_memory.cpp, looks for in every block.

namespace secrets {

/// The secrets of a test, in memory that is never freed.
class watch {
public:
    static constexpr std::size_t capacity = 16;

    /// From now on `secret` is searched for, under `name`. Its first character is left out, because a short
    /// `std::string` that was moved from keeps all the others.
    void add(const char* name, std::string_view secret) {
        auto& e = entries_.at(count_);
        e.name = name;
        e.size = secret.size() - 1;
        std::memcpy(e.text.data(), secret.data() + 1, e.size);
        ++count_;
    }
    void clear() noexcept {
        count_ = 0;
        entries_ = {};
        kept_ = sizeof(arena_) + 1;
    }
    /// From now on what is freed is kept, for a secret that is not known yet.
    void keep() noexcept { kept_ = 0; }
    /// Whether `secret` was in what was freed since then.
    bool has_kept(std::string_view secret) const {
        BOOST_REQUIRE(kept_ <= arena_.size());
        return ::memmem(arena_.data(), kept_, secret.data() + 1, secret.size() - 1) != nullptr;
    }
    /// Called for each block that is freed.
    void look(const void* block, std::size_t size) noexcept {
        if (kept_ <= arena_.size() && size <= arena_.size() - kept_) {
            std::memcpy(arena_.data() + kept_, block, size);
            kept_ += size;
        } else if (kept_ <= arena_.size()) {
            kept_ = arena_.size() + 1;  // full
        }
        for (std::size_t i = 0; i < count_; ++i)
            if (::memmem(block, size, entries_[i].text.data(), entries_[i].size)) found(entries_[i]);
    }
    /// The names of the secrets that were found in freed memory, and how often.
    std::string findings() const {
        std::string text;
        for (std::size_t i = 0; i < count_; ++i)
            if (entries_[i].found > 0)
                text += std::string(entries_[i].name) + " (" + std::to_string(entries_[i].found) + ") ";
        return text;
    }

private:
    struct entry {
        const char* name = "";
        std::size_t size = 0;
        std::size_t found = 0;
        std::array<char, 256> text{};
    };
    /// A place for a debugger to stop at.
    [[gnu::noinline]] static void found(entry& e) noexcept { ++e.found; }

    std::array<entry, capacity> entries_{};
    std::size_t count_ = 0;
    std::array<unsigned char, 1 << 24> arena_{};
    std::size_t kept_ = sizeof(arena_) + 1;
};

extern watch watched;

/// A test case's precondition.
inline boost::test_tools::assertion_result can_watch(boost::unit_test::test_unit_id) {
#ifdef PHONEAUTH_TESTS_SANITIZED
    boost::test_tools::assertion_result r(false);
    r.message() << "freed memory is NOT TESTED in a sanitized build, which has an allocator of its own";
    return r;
#else
    return true;
#endif
}

inline void check_clean(const char* what) {
    BOOST_TEST(watched.findings() == "", what << " left in freed memory: " << watched.findings());
}

}  // namespace secrets

#endif
