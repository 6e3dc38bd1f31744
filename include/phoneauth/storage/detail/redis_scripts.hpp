// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_REDIS_SCRIPTS_HPP
#define PHONEAUTH_STORAGE_DETAIL_REDIS_SCRIPTS_HPP

#include <phoneauth/storage/detail/redis_protocol.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

// ---- Scripts. Numbers in Lua are doubles: exact for milliseconds, but not for versions and values of counters, which
// ---- stay strings. A script that is refused for lack of memory is refused at its first write.

struct redis_scripts {
    // Key: a record. Arguments: its first field as it should be; the new record.
    redis_script compare_and_set{R"(
local record = redis.call('GET', KEYS[1])
if not record or string.sub(record, 1, #ARGV[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1)"};

    // Keys: counters. Arguments, for each: what to add, now, the end of a new counter, its lifetime, and 1 if an old
    // one shall live as long. Gives value and end of each.
    redis_script change_counters{R"(
local changed = {}
for i, key in ipairs(KEYS) do
  local by, now, fresh, lifetime, prolong = unpack(ARGV, 5 * i - 4, 5 * i)
  local value, ends = unpack(redis.call('HMGET', key, 'v', 'e'))
  if not ends or tonumber(ends) <= tonumber(now) then
    value, ends = '0', fresh
    if not string.find(by, '^[-0]') then
      value = by
      redis.call('HSET', key, 'v', value, 'e', ends)
      redis.call('PEXPIRE', key, lifetime)
    end
  elseif by ~= '0' then
    local sum = redis.pcall('HINCRBY', key, 'v', by)
    if type(sum) == 'table' then
      if not string.find(sum.err, 'overflow', 1, true) then return sum end
      value = '9223372036854775807'
      redis.call('HSET', key, 'v', value)
    elseif sum <= 0 then
      value = '0'
      redis.call('DEL', key)
    else
      value = redis.call('HGET', key, 'v')
    end
    if prolong == '1' and string.sub(by, 1, 1) ~= '-' and tonumber(ends) < tonumber(fresh) then
      ends = fresh
      redis.call('HSET', key, 'e', ends)
      redis.call('PEXPIRE', key, lifetime)
    end
  end
  changed[2 * i - 1], changed[2 * i] = value, ends
end
return changed)"};

    // Keys: all ids, phones, identities. Arguments: object id, phone, identity, record. Gives a `write_result`, or -1.
    redis_script insert_user{R"(
if redis.call('HEXISTS', KEYS[2], ARGV[2]) == 1 then return 1 end
if redis.call('HEXISTS', KEYS[3], ARGV[3]) == 1 then return 2 end
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[4]) == 0 then return -1 end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[1])
redis.call('HSET', KEYS[3], ARGV[3], ARGV[1])
return 0)"};

    // Keys and arguments as above, and the first field of the record as it should be. Gives a `write_result`.
    redis_script update_user{R"(
local record = redis.call('HGET', KEYS[1], ARGV[1])
if not record or string.sub(record, 1, #ARGV[5]) ~= ARGV[5] then return 3 end
local before, at = {}, #ARGV[5] + 1
for i = 2, 3 do
  local owner = redis.call('HGET', KEYS[i], ARGV[i])
  if owner and owner ~= ARGV[1] then return i - 1 end
  local colon = string.find(record, ':', at, true)
  at = colon + 1 + tonumber(string.sub(record, at, colon - 1))
  before[i] = string.sub(record, colon + 1, at - 1)
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[4])
for i = 2, 3 do
  if before[i] ~= ARGV[i] then
    redis.call('HDEL', KEYS[i], before[i])
    redis.call('HSET', KEYS[i], ARGV[i], ARGV[1])
  end
end
return 0)"};

    // Keys: phones or identities; all ids. Argument: the phone or identity. Gives a record.
    redis_script find_user{R"(
local id = redis.call('HGET', KEYS[1], ARGV[1])
return id and redis.call('HGET', KEYS[2], id))"};

    // Keys: the index of the user, and the session if the same server has it. Arguments: token hash, end of the
    // session, lifetime of the index, up to which end entries are over, the session's record and lifetime. Gives 0 if
    // there is such a session.
    redis_script insert_session{R"(
if KEYS[2] and redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
local ends = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not ends or tonumber(ends) < tonumber(ARGV[2]) then redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1]) end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
local over = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[4], 'LIMIT', 0, 8)
if #over > 0 then redis.call('ZREM', KEYS[1], unpack(over)) end
if KEYS[2] then redis.call('SET', KEYS[2], ARGV[5], 'PX', ARGV[6]) end
return 1)"};

    // Key: a session. Gives its record.
    redis_script take{R"(
local record = redis.call('GET', KEYS[1])
if record then redis.call('DEL', KEYS[1]) end
return record)"};

    // Keys: sessions. Argument: the first field of those that are erased. Gives 1 for each that was erased, 0 for
    // others.
    redis_script erase_matching{R"(
local erased = {}
for i, key in ipairs(KEYS) do
  local record = redis.call('GET', key)
  local same = record and string.sub(record, 1, #ARGV[1]) == ARGV[1]
  erased[i] = same and redis.call('DEL', key) or 0
end
return erased)"};

    static const redis_scripts& all() {
        static const redis_scripts scripts;
        return scripts;
    }
};

}  // namespace detail

}  // namespace v0
}  // namespace phoneauth

#endif
