-- Gives back what was taken; a count never falls below zero. A refill that is due, or a window that is over, is reckoned
-- later from what is left here.
-- KEYS: one bucket for each charge. ARGV: the cost of each.
for place, key in ipairs(KEYS) do
    local text = redis.call('GET', key)
    if text then
        local since, used, earlier = string.match(text, '^(%d+) (%d+) (%d+)$')
        local cost = tonumber(ARGV[place])
        used, earlier = tonumber(used), tonumber(earlier)
        local over = math.max(0, cost - used)
        used, earlier = math.max(0, used - cost), math.max(0, earlier - over)
        if used == 0 and earlier == 0 then
            redis.call('DEL', key)
        else
            redis.call('SET', key, since .. ' ' .. string.format('%.0f %.0f', used, earlier), 'KEEPTTL')
        end
    end
end
return 1
