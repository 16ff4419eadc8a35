-- Posts events that differ in every request: each one's id gets the number of its
-- request, so that nothing is a duplicate. `path` and `batch` are set above.
local lines = {}
for line in io.lines(path) do lines[#lines + 1] = line end

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-ndjson"

local thread_count = 0
function setup(thread)
  thread:set("thread_number", thread_count)
  thread_count = thread_count + 1
end

local count = 0
local function fresh(line)
  count = count + 1
  local id = string.format("%02d%010d", thread_number, count)
  return (line:gsub('("_id":"%x+%-%x+%-%x+%-%x+%-)%x+', "%1" .. id, 1))
end

function request()
  if batch == 1 then
    return wrk.format(nil, nil, nil, fresh(lines[count % #lines + 1]))
  end
  local body = {}
  for i = 1, batch do body[i] = fresh(lines[i]) end
  return wrk.format(nil, nil, nil, table.concat(body, "\n"))
end
