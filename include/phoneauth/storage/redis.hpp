// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_REDIS_HPP
#define PHONEAUTH_STORAGE_REDIS_HPP

#include <string>

#include <phoneauth/policies.hpp>
#include <phoneauth/pool_usage.hpp>
#include <phoneauth/storage/detail/redis_commands.hpp>
#include <phoneauth/storage/detail/redis_connection.hpp>
#include <phoneauth/storage/forwarding.hpp>
#include <phoneauth/storage/redis_options.hpp>

namespace phoneauth {
inline namespace v0 {

/// A complete Storage in Redis 6 or later, or in Valkey, for thread-per-request servers: any number of server processes
/// on one Redis behave as one. It is blocking; the asynchronous one is in asio/redis.hpp. It needs POSIX, hiredis and
/// OpenSSL's libssl.
///
///     phoneauth::redis_storage redis("redis://127.0.0.1:6379/0");
///
/// The recommended set-up keeps what lives for minutes in Redis, and the users in a database (storage/combined.hpp):
///
///     phoneauth::combined_storage storage(redis, my_users, redis, redis);
///
/// @par TLS
/// A URL that begins with `rediss://` asks for it, version 1.2 or later; without it the password and all that is stored
/// can be read on the way. The server's certificate must be signed by an authority that is trusted and must be for the
/// host of the URL; see `redis_options` for authorities of your own and for a certificate of the client.
///
/// @par What Redis can lose
/// Redis acknowledges a write before it is on any disk.
/// - Without an append-only file (`appendonly no`, the default) a restart forgets everything since the last snapshot:
///   users, sessions and limits, and that a code was used. The code of a transaction that came back from a snapshot is
///   accepted a second time until it expires.
/// - With `appendonly yes` and `appendfsync everysec` the same holds for the last second or two before a power failure.
///   If only the Redis process dies, it holds if the disk was slow just then: Redis puts off its writes, for up to 2 s,
///   while an earlier flush is not done. `appendfsync always` closes this gap and costs a disk flush for each round of
///   commands.
/// - Replicas, also those of a cluster, get writes later: what they had not got is lost when one takes over.
///   `min-replicas-to-write` shortens that time and does not end it.
///
/// Use `appendonly yes`, and `appendfsync always` where a code must never be accepted twice.
///
/// @par maxmemory-policy
/// It must be `noeviction`: with any other one Redis drops codes, limits and sessions when memory is short, without a
/// word. The constructor refuses a server that says that it has another one. A full Redis then refuses writes, the
/// functions throw, and all is well again when there is room. A pending transaction takes about 350 bytes.
///
/// @par Expiry
/// Redis sees to it, by its own clock, from the lifetimes of the records: transactions go `transaction_retention` after
/// their `expires_at`, sessions at theirs, cells when they are in the past. Users stay for ever.
///
/// @par Round trips
/// One for each function; two for `erase_session`; three for `erase_sessions_of`, or one if there is nothing to erase.
/// In a cluster two for `insert_session` and `find_sessions_of`, and one more for each redirection, which happens when a slot is used for the
/// first time and when it has moved.
///
/// @par Cluster
/// It is supported; name any of its servers. With `rediss://` all of them are spoken to by TLS. Transactions and
/// sessions spread over the servers. Users do not: all of them have one hash tag, because their phones and identities
/// can be kept unique on one server only. Nor do cells: they have one of their own, because a batch is granted as a
/// whole.
///
/// @par Upgrades
/// Records have a format. This version writes format 4 and reads formats 1, which knew nothing of the delivery of
/// messages, 2, which knew nothing of what a session rests on, and 3, in which sessions did not change. End the programs of the older version before the first newer one starts. An older one that still runs
/// throws when it is asked for a record that a newer one has written; when it is started again it throws at once.
///
/// @par Errors
/// A function throws `std::runtime_error`, with a sentence that says what to do, when Redis cannot be reached, does not
/// answer within `redis_options::operation_timeout`, or refuses. While Redis says that it will be ready soon (LOADING,
/// READONLY, TRYAGAIN, CLUSTERDOWN, BUSY) a command is repeated within that time. A command that may have been carried
/// out is never repeated: after a throw because of a broken connection or an overdue reply, the write may have been
/// made. After a throw of `erase_sessions_of` in a cluster some of the sessions may be erased: call it again. No
/// message holds the password or anything that is stored. `insert_user` throws `std::invalid_argument` if there is a
/// user with this `object_id`.
///
/// @par Thread safety
/// Shared objects are safe. Connections are made when they are needed and kept; a broken one is replaced.
class redis_storage : public forwarding_storage<redis_storage> {
public:
    /// Connects and checks the server.
    ///
    /// @param url      `redis://[[user]:password@]host[:port][/database]`, or `rediss://…` for TLS, with
    ///     percent-encoding in user and password; port 6379 and database 0 unless given
    /// @param options  see there
    /// @par Errors
    /// `std::runtime_error` if the URL is not one, if a file in `options` cannot be used, if it cannot connect, trust
    /// the server, log in or write, if the server would lose data
    /// (see above), or if the data are of a newer version.
    explicit redis_storage(const std::string& url, const redis_options& options = {})
        : redis_storage(detail::parse_redis_url(url), options) {}

    /// Does `operation`, blocking: see `forwarding_storage`.
    template <class Operation, class... Arguments>
    auto perform(Operation operation, const Arguments&... arguments) {
        return operation(commands_, arguments...).get();
    }

    /// How many of its connections are in use, for monitoring.
    pool_usage usage() const { return commands_.link().usage(); }

private:
    redis_storage(detail::redis_url url, const redis_options& options)
        : commands_(options, detail::check_redis(url, options), url, options) {}

    detail::redis_commands<detail::redis_blocking_link> commands_;
};

static_assert(Storage<redis_storage>);

}  // namespace v0
}  // namespace phoneauth

#endif
