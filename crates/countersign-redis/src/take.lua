-- Takes all charges or none, by the rules of countersign_rate_limit::Bucket.
-- KEYS: one bucket for each charge; the same one may come up twice.
-- ARGV: the time in milliseconds, or '' for this server's clock; then shape, window in milliseconds, limit and cost of
-- each charge.
-- Gives: 1 if taken, else 0; the time; then since, used and earlier of each charge: as they are now if taken, as they were
-- found if not.
local now
if ARGV[1] == '' then
    local time = redis.call('TIME')
    now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
else
    now = tonumber(ARGV[1])
end

-- Every number stays a whole one below 2^53.
local function bring_forward(bucket, shape, window, limit)
    local since = math.min(bucket.since, now)
    local age = now - since
    if bucket.used == 0 and bucket.earlier == 0 then
        return { since = now, used = 0, earlier = 0 }
    elseif shape == 'token-bucket' then
        local missing = math.max(0, bucket.used - math.min(age, window) * limit)
        return { since = now, used = missing, earlier = 0 }
    elseif shape == 'sliding' and age >= window and age < 2 * window then
        return { since = since + window, used = 0, earlier = bucket.used }
    elseif age >= window then
        return { since = now, used = 0, earlier = 0 }
    end
    return { since = since, used = bucket.used, earlier = bucket.earlier }
end

local function load(key)
    local text = redis.call('GET', key)
    if not text then
        return { since = now, used = 0, earlier = 0 }
    end
    local since, used, earlier = string.match(text, '^(%d+) (%d+) (%d+)$')
    return { since = tonumber(since), used = tonumber(used), earlier = tonumber(earlier) }
end

local buckets, answer, taken = {}, {}, true
for place, key in ipairs(KEYS) do
    local shape = ARGV[4 * place - 2]
    local window, limit, cost = tonumber(ARGV[4 * place - 1]), tonumber(ARGV[4 * place]), tonumber(ARGV[4 * place + 1])
    local found = buckets[key] or load(key)
    table.insert(answer, found)
    local bucket = bring_forward(found, shape, window, limit)
    local inside = window - (now - bucket.since)
    local full = bucket.used + math.ceil(bucket.earlier * inside / window)
    local room = limit
    if shape == 'token-bucket' then
        full, room = bucket.used, limit * window
    end
    if full + cost > room then
        taken = false
        break
    end
    bucket.used = bucket.used + cost
    if shape == 'token-bucket' then
        bucket.lasts = math.ceil(bucket.used / limit)
    elseif shape == 'sliding' then
        bucket.lasts = bucket.since + 2 * window - now
    else
        bucket.lasts = bucket.since + window - now
    end
    buckets[key] = bucket
end

local function number(value)
    return string.format('%.0f', value)
end

local reply = { taken and 1 or 0, number(now) }
for place, key in ipairs(KEYS) do
    -- Those behind the first without room were not looked at; the caller wants the longest wait, so they are now.
    local bucket = taken and buckets[key] or answer[place] or load(key)
    table.insert(reply, number(bucket.since))
    table.insert(reply, number(bucket.used))
    table.insert(reply, number(bucket.earlier))
end
if taken then
    for key, bucket in pairs(buckets) do
        local text = number(bucket.since) .. ' ' .. number(bucket.used) .. ' ' .. number(bucket.earlier)
        redis.call('SET', key, text, 'PX', number(math.max(1, bucket.lasts)))
    end
end
return reply
