// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_REDIS_SCRIPTS_HPP
#define PHONEAUTH_STORAGE_DETAIL_REDIS_SCRIPTS_HPP

#include <phoneauth/storage/detail/redis_protocol.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

// ---- Scripts. Numbers in Lua are doubles: exact for milliseconds, but not for versions, which stay strings. A script
// ---- that is refused for lack of memory is refused at its first write.

struct redis_scripts {
    // Key: a record. Arguments: its first field as it should be; the new record.
    redis_script compare_and_set{R"(
local record = redis.call('GET', KEYS[1])
if not record or string.sub(record, 1, #ARGV[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1)"};

    // Key: a session. Arguments: its version as it should be; which field that is; the new record. Records of former
    // formats end before it: theirs is 0.
    redis_script update_session{R"(
local record = redis.call('GET', KEYS[1])
if not record then return 0 end
local at, version = 1, '0'
for i = 1, tonumber(ARGV[2]) do
  local colon = string.find(record, ':', at, true)
  if not colon then version = '0' break end
  at = colon + 1 + tonumber(string.sub(record, at, colon - 1))
  version = string.sub(record, colon + 1, at - 1)
end
if version ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[3], 'KEEPTTL')
return 1)"};

    // Does what `decide` says (cell.hpp). Keys: the cell of each request, and the marker's if there is one. Arguments:
    // now, then for each request its action, condition, cost, room and reserve. Gives whether all is granted, whether
    // the marker was there, and each cell.
    redis_script take_cells{R"(
local now, count = tonumber(ARGV[1]), (#ARGV - 1) / 5
local stored = #KEYS > 0 and redis.call('MGET', unpack(KEYS)) or {}
for i = 1, #KEYS do stored[i] = tonumber(stored[i] or 0) end
local marked = #KEYS > count and stored[count + 1] > now
local cells = {}
for i = 1, count do
  local action, condition, cost, room, reserve = unpack(ARGV, 5 * i - 3, 5 * i + 1)
  cells[i] = stored[i]
  if condition == '1' or (condition == '2') == marked then
    local after = math.max(stored[i], now) + cost
    local furthest = now + room + (marked and reserve or 0)
    if action == '3' then
      cells[i] = math.max(math.min(after, furthest), now)
    elseif after > furthest then
      return {0, marked and 1 or 0, unpack(stored, 1, count)}
    elseif action == '1' then
      cells[i] = after
    end
  end
end
for i = 1, count do
  if cells[i] > now then
    if cells[i] ~= stored[i] then
      redis.call('SET', KEYS[i], string.format('%.0f', cells[i]), 'PX', string.format('%.0f', cells[i] - now))
    end
  elseif stored[i] ~= 0 and cells[i] ~= stored[i] then
    redis.call('DEL', KEYS[i])
  end
end
return {1, marked and 1 or 0, unpack(cells)})"};

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

    // Keys: all ids, phones, identities. Argument: object id. Gives 1 if there was such a user.
    redis_script erase_user{R"(
local record = redis.call('HGET', KEYS[1], ARGV[1])
if not record then return 0 end
local at, names = 1, {}
for i = 1, 3 do
  local colon = string.find(record, ':', at, true)
  at = colon + 1 + tonumber(string.sub(record, at, colon - 1))
  names[i] = string.sub(record, colon + 1, at - 1)
end
for i = 2, 3 do
  if redis.call('HGET', KEYS[i], names[i]) == ARGV[1] then redis.call('HDEL', KEYS[i], names[i]) end
end
return redis.call('HDEL', KEYS[1], ARGV[1]))"};

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

    // Key: the index of a user, on a server that has all sessions. Argument: what their keys begin with. Gives the token
    // hash and the record of each, one after the other.
    redis_script find_sessions_of{R"(
local found = {}
for _, hash in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local record = redis.call('GET', ARGV[1] .. hash)
  if record then
    found[#found + 1] = hash
    found[#found + 1] = record
  end
end
return found)"};

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
