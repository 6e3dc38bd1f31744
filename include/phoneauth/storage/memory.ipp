// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_MEMORY_IPP
#define PHONEAUTH_STORAGE_MEMORY_IPP

#include <array>
#include <stdexcept>
#include <utility>

#include <phoneauth/storage/memory.hpp>

namespace phoneauth {
inline namespace v0 {

PHONEAUTH_DECL bool memory_storage::insert_transaction(const transaction& t) {
    transactions_.drop_expired(t.created_at, sweep);
    return transactions_.insert(t, t.expires_at + transaction_retention);
}

PHONEAUTH_DECL std::optional<transaction> memory_storage::find_transaction(const std::string& id) {
    return transactions_.find(id);
}

PHONEAUTH_DECL bool memory_storage::update_transaction(const transaction& t) {
    return transactions_.update(t);
}

PHONEAUTH_DECL write_result memory_storage::insert_user(const user& u) {
    const std::scoped_lock lock(users_mutex_);
    if (by_phone_.contains(u.phone.str())) return write_result::phone_taken;
    if (by_identity_.contains(u.identity)) return write_result::identity_taken;
    const auto [at, added] = users_.try_emplace(u.object_id, u);
    if (!added) throw std::invalid_argument("phoneauth: there is a user with this object_id");
    try {
        by_phone_.try_emplace(std::string(u.phone.str()), &at->second);
        by_identity_.try_emplace(u.identity, &at->second);
    } catch (...) {
        if (const auto phone = by_phone_.find(u.phone.str()); phone != by_phone_.end()) by_phone_.erase(phone);
        users_.erase(at);
        throw;
    }
    return write_result::done;
}

PHONEAUTH_DECL write_result memory_storage::update_user(const user& u) {
    auto next = u;
    ++next.version;
    std::string phone(u.phone.str());
    std::string identity = u.identity;
    const std::scoped_lock lock(users_mutex_);
    const auto found = users_.find(u.object_id);
    if (found == users_.end() || found->second.version != u.version) return write_result::stale;
    auto& stored = found->second;
    if (is_of_another(by_phone_, phone, stored)) return write_result::phone_taken;
    if (is_of_another(by_identity_, identity, stored)) return write_result::identity_taken;
    rename(by_phone_, stored.phone.str(), std::move(phone));
    rename(by_identity_, stored.identity, std::move(identity));
    stored = std::move(next);
    return write_result::done;
}

PHONEAUTH_DECL bool memory_storage::erase_user(const std::string& object_id) {
    const std::scoped_lock lock(users_mutex_);
    const auto found = users_.find(object_id);
    if (found == users_.end()) return false;
    by_phone_.erase(by_phone_.find(found->second.phone.str()));
    by_identity_.erase(by_identity_.find(found->second.identity));
    users_.erase(found);
    return true;
}

PHONEAUTH_DECL std::optional<user> memory_storage::find_user(const std::string& object_id) {
    const std::scoped_lock lock(users_mutex_);
    const auto found = users_.find(object_id);
    return found == users_.end() ? std::nullopt : std::optional(found->second);
}

PHONEAUTH_DECL std::optional<user> memory_storage::find_user_by_phone(const phone_number& phone) {
    const std::scoped_lock lock(users_mutex_);
    return find_by(by_phone_, phone.str());
}

PHONEAUTH_DECL std::optional<user> memory_storage::find_user_by_identity(const std::string& identity) {
    const std::scoped_lock lock(users_mutex_);
    return find_by(by_identity_, identity);
}

PHONEAUTH_DECL bool memory_storage::insert_session(const session& s) {
    detail::stored_session added{s};
    const auto hash = hash_(s.token_hash);
    const std::scoped_lock lock(sessions_mutex_);
    for (std::size_t i = 0; i < sweep; ++i)
        if (auto* over = sessions_.first_expired(s.created_at)) forget(*over);
    check(sessions_.size(), limits_.sessions);
    if (sessions_.find(hash, s.token_hash)) return false;
    auto& stored = sessions_.insert(hash, std::move(added), s.expires_at);
    try {
        auto& first = sessions_of_[s.user_id];
        stored.record.after = std::exchange(first, &stored.record);
    } catch (...) {
        sessions_.erase(stored);
        throw;
    }
    if (auto* after = stored.record.after) after->before = &stored.record;
    return true;
}

PHONEAUTH_DECL std::optional<session> memory_storage::find_session(const std::string& token_hash) {
    const std::scoped_lock lock(sessions_mutex_);
    const auto* found = find(token_hash);
    return found ? std::optional(found->record.value) : std::nullopt;
}

PHONEAUTH_DECL std::vector<session> memory_storage::find_sessions_of(const std::string& user_id) {
    std::vector<session> all;
    const std::scoped_lock lock(sessions_mutex_);
    const auto found = sessions_of_.find(user_id);
    if (found == sessions_of_.end()) return all;
    for (const auto* s = found->second; s; s = s->after) all.push_back(s->value);
    return all;
}

PHONEAUTH_DECL bool memory_storage::update_session(const session& s) {
    const std::scoped_lock lock(sessions_mutex_);
    auto* found = find(s.token_hash);
    if (!found || found->record.value.version != s.version) return false;
    auto& stored = found->record.value;
    // The rest is what it was.
    auto fingerprint = s.fingerprint;
    stored.fingerprint = std::move(fingerprint);
    stored.auth_methods = s.auth_methods;
    stored.auth_time = s.auth_time;
    stored.last_used_at = s.last_used_at;
    ++stored.version;
    return true;
}

PHONEAUTH_DECL bool memory_storage::erase_session(const std::string& token_hash) {
    const std::scoped_lock lock(sessions_mutex_);
    auto* found = find(token_hash);
    if (found) forget(*found);
    return found != nullptr;
}

PHONEAUTH_DECL std::size_t memory_storage::erase_sessions_of(const std::string& user_id, const std::string& kept) {
    const std::scoped_lock lock(sessions_mutex_);
    const auto found = sessions_of_.find(user_id);
    std::size_t ended = 0;
    for (auto* s = found == sessions_of_.end() ? nullptr : found->second; s;) {
        const auto& one = std::exchange(s, s->after)->value;
        if (one.token_hash == kept) continue;
        forget(*find(one.token_hash));
        ++ended;
    }
    return ended;
}

PHONEAUTH_DECL cell_answer memory_storage::take_cells(const cell_batch& batch) {
    std::array<std::size_t, cell_batch::most> hashes{};
    for (std::size_t i = 0; i < batch.size(); ++i) hashes[i] = hash_(batch.key(i));
    const auto marker_hash = batch.marker().empty() ? std::size_t{0} : hash_(batch.marker());
    std::array<cell_table::entry*, cell_batch::most> found{};
    std::array<time_point, 1 + cell_batch::most> stored{};
    const std::scoped_lock lock(cells_mutex_);
    if (!batch.marker().empty())
        if (const auto* marker = cells_.find(marker_hash, batch.marker())) stored[0] = cells_.expiry_of(*marker);
    for (std::size_t i = 0; i < batch.size(); ++i) {
        found[i] = cells_.find(hashes[i], batch.key(i));
        if (found[i]) stored[1 + i] = cells_.expiry_of(*found[i]);
    }
    const auto answer = decide(batch, stored);
    if (!answer.granted) return answer;
    const auto is_new = [&](std::size_t i) {
        return !found[i] && answer.cells[i] > batch.now() && answer.cells[i] != stored[1 + i];
    };
    const auto count_new = [&] {
        std::size_t n = 0;
        for (std::size_t i = 0; i < batch.size(); ++i) n += is_new(i);
        return n;
    };
    for (std::size_t left = sweep * count_new(); left > 0; --left) {
        auto* over = cells_.first_expired(batch.now());
        if (!over) break;
        for (auto*& e : found)
            if (e == over) e = nullptr;
        cells_.erase(*over);
    }
    check(cells_.size() + count_new(), limits_.cells + 1);  // before the first of them is stored
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto cell = answer.cells[i];
        if (cell == stored[1 + i]) continue;
        if (is_new(i))
            cells_.insert(hashes[i], detail::stored_cell{std::string(batch.key(i))}, cell);
        else if (found[i] && cell <= batch.now())
            cells_.erase(*found[i]);
        else if (found[i])
            cells_.expire_at(*found[i], cell);
    }
    return answer;
}

PHONEAUTH_DECL memory_counts memory_storage::count() const {
    memory_counts now;
    now.transactions = transactions_.size();
    {
        const std::scoped_lock lock(users_mutex_);
        now.users = users_.size();
    }
    {
        const std::scoped_lock lock(sessions_mutex_);
        now.sessions = sessions_.size();
    }
    const std::scoped_lock lock(cells_mutex_);
    now.cells = cells_.size();
    return now;
}

PHONEAUTH_DECL void memory_storage::check(std::size_t size, std::size_t limit) {
    if (size >= limit) throw std::length_error("phoneauth: the memory storage is full");
}

PHONEAUTH_DECL bool memory_storage::is_of_another(const user_index& index, std::string_view key, const user& u) {
    const auto found = index.find(key);
    return found != index.end() && found->second != &u;
}

PHONEAUTH_DECL void memory_storage::rename(user_index& index, std::string_view from, std::string&& to) {
    if (from == to) return;
    auto node = index.extract(index.find(from));
    node.key() = std::move(to);
    index.insert(std::move(node));
}

PHONEAUTH_DECL std::optional<user> memory_storage::find_by(const user_index& index, std::string_view key) {
    const auto found = index.find(key);
    return found == index.end() ? std::nullopt : std::optional(*found->second);
}

PHONEAUTH_DECL auto memory_storage::find(std::string_view token_hash) -> session_table::entry* {
    return sessions_.find(hash_(token_hash), token_hash);
}

PHONEAUTH_DECL void memory_storage::forget(session_table::entry& ended) {
    const auto& s = ended.record;
    if (s.after) s.after->before = s.before;
    if (s.before) {
        s.before->after = s.after;
    } else {
        const auto first = sessions_of_.find(s.value.user_id);
        first->second = s.after;
        if (!s.after) sessions_of_.erase(first);
    }
    sessions_.erase(ended);
}

}  // namespace v0
}  // namespace phoneauth

#endif
