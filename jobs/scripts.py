"""The changes of a job's record that must happen in one step, as Lua for Redis.

A stage is a sorted set. It holds work that waits or is leased; an item leaves it only by being done, given up or
cancelled, so nothing is lost with a worker. Its score is the time from which it may be claimed, or, of a segment that
nobody has claimed there yet, its turn; those with a turn come after those whose time has come.
"""

from typing import Final

CHANGES: Final = "thespis:jobs:changes"
"""The stream that names each job that changed, and the API key it belongs to."""

TIMES_FROM: Final = 1_000_000_000
"""Scores from here on are times, in seconds since 1970; below are turns."""

SERVED: Final = "thespis:jobs:served"
"""Stage -> the last turn that was claimed there."""


def _goes_on(script: str) -> str:
    """In a Redis that is full, too: to work on the jobs that were begun, and to end them, is what makes room. It takes
    Redis 7.
    """
    return "#!lua flags=allow-oom\n" + script


FULL: Final = 0.8
"""Of a Redis with a `maxmemory`: beyond it no job is taken or begun. The rest is for keys, tickets and jobs in hand."""

CHECK_MEMORY: Final = f"""
local memory = redis.call('INFO', 'memory')
local most = tonumber(string.match(memory, 'maxmemory:(%d+)'))
if most > 0 and tonumber(string.match(memory, 'used_memory:(%d+)')) > {FULL} * most then
  return redis.error_reply('OOM no room for another job')
end
"""

_EVENT = f"""
local function tell(kind, data)
  redis.call('HSET', KEYS[1], 'told_s', redis.call('TIME')[1])
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', 1000, '*', 'kind', kind, 'data', data)
  local owner = redis.call('HGET', KEYS[1], 'owner') or ''
  redis.call('XADD', '{CHANGES}', 'MAXLEN', '~', 1000, '*', 'job', string.match(KEYS[1], '[^:]*$'), 'owner', owner)
end
"""

CLAIM = _goes_on(f"""
-- KEYS: stage. ARGV: now, lease until, stage's name, prefix of jobs' keys, states that let a job be worked on here by
-- commas ('' for any, also for a job that is gone). -> item, the number of this attempt and of this claim, or nil
while true do
  local item = redis.call('ZRANGEBYSCORE', KEYS[1], {TIMES_FROM}, ARGV[1], 'LIMIT', 0, 1)[1]
  if not item then
    local next = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '({TIMES_FROM}', 'WITHSCORES', 'LIMIT', 0, 1)
    item = next[1]
    if not item then return nil end
    redis.call('HSET', '{SERVED}', ARGV[3], next[2])
  end
  local job, segment = string.match(item, '^([^:]*):?(.*)$')
  local state = redis.call('HGET', ARGV[4] .. job, 'state')
  if ARGV[5] == '' or (state and string.find(',' .. ARGV[5] .. ',', ',' .. state .. ',', 1, true)) then
    redis.call('ZADD', KEYS[1], ARGV[2], item)
    if not state then return {{item, 1, 1}} end
    local place = ARGV[3] .. ':' .. segment
    local tried = redis.call('HINCRBY', ARGV[4] .. job, 'tried:' .. place, 1)
    return {{item, tried, redis.call('HINCRBY', ARGV[4] .. job, 'claims:' .. place, 1)}}
  end
  redis.call('ZREM', KEYS[1], item)
end
""")

_OURS = """
-- Whether the item (ARGV[1]) is still there and was not claimed after us (ARGV[4]); ARGV[3] is the field that counts
-- claims. It only grows: an attempt that does not count is a claim all the same.
local function ours()
  if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return false end
  local claims = redis.call('HGET', KEYS[2], ARGV[3])
  return not claims or tonumber(claims) <= tonumber(ARGV[4])
end
"""

RENEW = _goes_on(
    _OURS
    + """
-- KEYS: stage, job. ARGV: item, lease until, field, claim. -> 1 while it is ours and its job not to be cancelled
if not ours() then return 0 end
if redis.call('HGET', KEYS[2], 'state') == 'cancelling' then return 0 end
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
return 1
"""
)

PUT_BACK = _goes_on(
    _OURS
    + """
-- KEYS: stage, job. ARGV: item, time from which it may be claimed, field, claim, segment or '', what went wrong.
-- -> 0 when it is no longer ours
if not ours() then return 0 end
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('HSET', KEYS[2], 'trouble:' .. ARGV[5], ARGV[6]) end
return 1
"""
)

HAND_BACK = _goes_on(
    _OURS
    + """
-- An attempt that does not count. KEYS: stage, job. ARGV: item, time from which it may be claimed, field, claim, what
-- to say of the job until a segment of it is done, or '', the field that counts attempts. -> 0 when it is not ours
if not ours() then return 0 end
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
if redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('HINCRBY', KEYS[2], ARGV[6], -1)
  if ARGV[5] ~= '' and redis.call('HEXISTS', KEYS[2], 'ended_s') == 0 then
    redis.call('HSET', KEYS[2], 'message', ARGV[5])
  end
end
return 1
"""
)

POSTPONE = _goes_on("""
-- KEYS: stage. ARGV: item, time from which it may be claimed. Nothing happens when it is not there.
return redis.call('ZADD', KEYS[1], 'XX', ARGV[2], ARGV[1])
""")

MOVE_SEGMENT = _goes_on(f"""
-- A segment goes from one stage to the next. KEYS: job, from, to. ARGV: item, segment, now. -> 1, or 0 when it is not
-- there
if redis.call('HGET', KEYS[1], 'state') ~= 'running' then return 0 end
if redis.call('ZREM', KEYS[2], ARGV[1]) == 0 then return 0 end
-- Its turn comes after the one that was claimed last, and after those of its own job that wait before it.
local served = tonumber(redis.call('HGET', '{SERVED}', 'classify') or '0')
local turn = math.max(served, tonumber(redis.call('HGET', KEYS[1], 'classify_turn') or '0')) + 1
redis.call('ZADD', KEYS[3], turn, ARGV[1])
redis.call('HSET', KEYS[1], 'classify_turn', turn, 'detected_s:' .. ARGV[2], ARGV[3])
return 1
""")

END_SEGMENT = _goes_on(
    _EVENT
    + """
-- A segment is done or given up. KEYS: job, events, stages it may be in (two), finish.
-- ARGV: item, job, segment, frames done, error ('' when whole; one with frames is done in part), the field that counts
-- claims and ours. -> 2 when it was the last, 1, or 0 when it is not there, or given up by who was overtaken: what is
-- done is done, whoever did it, but the other may yet do it
if redis.call('HGET', KEYS[1], 'state') ~= 'running' then return 0 end
local overtaken = tonumber(redis.call('HGET', KEYS[1], ARGV[6]) or '0') > tonumber(ARGV[7])
if ARGV[5] ~= '' and tonumber(ARGV[4]) == 0 and overtaken then return 0 end
if redis.call('ZREM', KEYS[3], ARGV[1]) + redis.call('ZREM', KEYS[4], ARGV[1]) == 0 then return 0 end
redis.call('HDEL', KEYS[1], 'detected_s:' .. ARGV[3])
-- What may have held the job up is no longer away; a segment that is still held up says so again.
if ARGV[5] == '' then redis.call('HDEL', KEYS[1], 'message') end
if ARGV[5] ~= '' then redis.call('HSET', KEYS[1], 'error:' .. ARGV[3], ARGV[5]) end
if ARGV[5] == '' or tonumber(ARGV[4]) > 0 then
  redis.call('HINCRBY', KEYS[1], 'frames_done', ARGV[4])
  redis.call('HINCRBY', KEYS[1], 'segments_done', 1)
else
  redis.call('HINCRBY', KEYS[1], 'segments_failed', 1)
end
-- What is known of its attempts makes place for the most that any segment took: a record stays small.
local most = tonumber(redis.call('HGET', KEYS[1], 'attempts') or '0')
for _, name in ipairs({'tried:detect:', 'tried:classify:'}) do
  most = math.max(most, tonumber(redis.call('HGET', KEYS[1], name .. ARGV[3]) or '0'))
end
redis.call('HSET', KEYS[1], 'attempts', most)
redis.call('HDEL', KEYS[1], 'tried:detect:' .. ARGV[3], 'tried:classify:' .. ARGV[3], 'trouble:' .. ARGV[3],
           'claims:detect:' .. ARGV[3], 'claims:classify:' .. ARGV[3])
local ended = (tonumber(redis.call('HGET', KEYS[1], 'segments_done') or '0')
             + tonumber(redis.call('HGET', KEYS[1], 'segments_failed') or '0'))
tell('progress', tostring(ended))
if ended == tonumber(redis.call('HGET', KEYS[1], 'segments')) then
  redis.call('ZADD', KEYS[5], 0, ARGV[2])
  return 2
end
return 1
"""
)

START = (
    _EVENT
    + f"""
-- A planned job begins. KEYS: job, events, plan stage, detect stage. ARGV: job, segments, then fields. -> 1, or 0
if redis.call('HGET', KEYS[1], 'state') ~= 'queued' then
  redis.call('ZREM', KEYS[3], ARGV[1])
  return 0
end
-- A job may have forty thousand segments: it is begun when there is room for it.
{CHECK_MEMORY}
redis.call('HSET', KEYS[1], 'state', 'running', 'segments', ARGV[2], unpack(ARGV, 3))
redis.call('ZREM', KEYS[3], ARGV[1])
-- Jobs take turns, a segment each. A job's first turn is the one after that which was claimed last, never that one
-- itself: so a turn ends, however many jobs go on coming.
local served = tonumber(redis.call('HGET', '{SERVED}', 'detect') or '0')
for segment = 0, ARGV[2] - 1 do redis.call('ZADD', KEYS[4], served + 1 + segment, ARGV[1] .. ':' .. segment) end
tell('state', 'running')
return 1
"""
)

EXPIRE = _goes_on(
    _EVENT
    + """
-- The results are gone. KEYS: job, events.
local state = redis.call('HGET', KEYS[1], 'state')
if state ~= 'succeeded' and state ~= 'partially_succeeded' then return 0 end
redis.call('HSET', KEYS[1], 'state', 'expired')
tell('state', 'expired')
return 1
"""
)

CANCEL = _goes_on(
    _EVENT
    + """
-- KEYS: job, events, plan and finish stages. ARGV: job. -> 1, or 0 when it is ending or has ended already
local state = redis.call('HGET', KEYS[1], 'state')
if state ~= 'queued' and state ~= 'running' then return 0 end
redis.call('HSET', KEYS[1], 'state', 'cancelling')
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('ZADD', KEYS[4], 0, ARGV[1])
tell('state', 'cancelling')
return 1
"""
)

END = _goes_on(
    _EVENT
    + """
-- KEYS: job, events, plan, finish, tidy and notify stages, unfinished jobs. ARGV: job, new state, time to tidy, 1 to
-- notify, the field that counts claims and ours (or ''), fields. -> 1, or 0 when the job has ended already, or is
-- being cancelled and this is another end, or it was claimed after us, which had our files removed
if ARGV[5] ~= '' and tonumber(redis.call('HGET', KEYS[1], ARGV[5]) or '0') > tonumber(ARGV[6]) then return 0 end
local state = redis.call('HGET', KEYS[1], 'state')
if state == 'cancelling' and ARGV[2] ~= 'cancelled' then return 0 end
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[1])
if state ~= 'queued' and state ~= 'running' and state ~= 'cancelling' then return 0 end
redis.call('HSET', KEYS[1], 'state', ARGV[2], unpack(ARGV, 7))
redis.call('SREM', KEYS[7], ARGV[1])
-- Whoever still works on a part of it may leave a file behind, so it is tidied up later once more.
redis.call('ZADD', KEYS[5], ARGV[3], ARGV[1])
if ARGV[4] == '1' then redis.call('ZADD', KEYS[6], 0, ARGV[1]) end
tell('state', ARGV[2])
return 1
"""
)

CREATE = (
    _EVENT
    + """
-- KEYS: job, events, all jobs, its owner's jobs, plan stage, unfinished jobs, idempotency key or ''. ARGV: id, digest,
-- now, keep seconds, prefix of jobs' keys, most unfinished jobs, most of this owner, owner, most that are kept of it,
-- then fields. -> the id of the job: the new one, or that of an equal earlier submission that was not deleted; '' when
-- the key belongs to another body; nil when there are too many
if redis.call('EXISTS', KEYS[1]) == 1 then return ARGV[1] end  -- the client asked twice: the first answer was lost
if KEYS[7] ~= '' then
  local known = redis.call('HMGET', KEYS[7], 'job', 'digest')
  if known[1] and redis.call('EXISTS', ARGV[5] .. known[1]) == 1 then
    if known[2] == ARGV[2] then return known[1] end
    return ''
  end
end
"""
    + CHECK_MEMORY
    + """
local unfinished = redis.call('SMEMBERS', KEYS[6])
if #unfinished >= tonumber(ARGV[6]) then return nil end
local of_owner = 0
for _, job in ipairs(unfinished) do
  if redis.call('HGET', ARGV[5] .. job, 'owner') == ARGV[8] then of_owner = of_owner + 1 end
end
if of_owner >= tonumber(ARGV[7]) then return nil end
if redis.call('ZCARD', KEYS[4]) >= tonumber(ARGV[9]) then return nil end
if KEYS[7] ~= '' then
  redis.call('HSET', KEYS[7], 'job', ARGV[1], 'digest', ARGV[2])
  redis.call('EXPIRE', KEYS[7], ARGV[4])
end
redis.call('HSET', KEYS[1], 'state', 'queued', 'created_s', ARGV[3], 'owner', ARGV[8], unpack(ARGV, 10))
if KEYS[7] ~= '' then redis.call('HSET', KEYS[1], 'submission', KEYS[7]) end
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[1])
redis.call('ZADD', KEYS[4], ARGV[3], ARGV[1])
redis.call('ZADD', KEYS[5], ARGV[3], ARGV[1])
redis.call('SADD', KEYS[6], ARGV[1])
tell('state', 'queued')
return ARGV[1]
"""
)
