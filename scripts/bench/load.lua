-- The load of one operation, for wrk: wrk -s load.lua URL -- OPERATION
--
-- All requests are made before the load begins and sent again and again, so
-- that making them is not what is measured. There are 1,000 services of 10
-- instances and 1,000 configs; the names are those of seed.go.

local SERVICES, HOSTS = 1000, 10
local agent = "Nacos-Java-Client:v1.4.6"
local form = { ["User-Agent"] = agent, ["Client-Version"] = agent, ["Content-Type"] = "application/x-www-form-urlencoded" }
local plain = { ["User-Agent"] = agent, ["Client-Version"] = agent }

local function address(i)
  return string.format("10.%d.%d.%d", math.floor(i / 62500), math.floor(i / 250) % 250, i % 250 + 1)
end

local function service(i) return "bench-svc-" .. (i % SERVICES) end

local makers = {}

function makers.register(i)
  return wrk.format("POST", "/nacos/v1/ns/instance", form,
    "serviceName=" .. service(i) .. "&ip=" .. address(i) .. "&port=8000&ephemeral=true")
end

function makers.beat(i)
  local name = "DEFAULT_GROUP%40%40" .. service(i)
  local beat = '{"ip":"' .. address(i) .. '","port":8000,"serviceName":"DEFAULT_GROUP@@' .. service(i) .. '","cluster":"DEFAULT","weight":1.0,"metadata":{}}'
  beat = beat:gsub("[^%w%.%-_]", function(c) return string.format("%%%02X", string.byte(c)) end)
  return wrk.format("PUT", "/nacos/v1/ns/instance/beat?serviceName=" .. name .. "&ip=" .. address(i)
    .. "&port=8000&namespaceId=public&beat=" .. beat, form)
end

function makers.list(i)
  return wrk.format("GET", "/nacos/v1/ns/instance/list?healthyOnly=false&serviceName=" .. service(i), plain)
end

function makers.get(i)
  return wrk.format("GET", "/nacos/v1/cs/configs?group=DEFAULT_GROUP&dataId=bench-" .. (i % SERVICES), plain)
end

local kilobyte = string.rep("k=v;", 256)
function makers.publish(i)
  return wrk.format("POST", "/nacos/v1/cs/configs", form,
    "group=DEFAULT_GROUP&dataId=bench-" .. (i % SERVICES) .. "&content=" .. kilobyte .. i)
end

local poll = { ["User-Agent"] = agent, ["Content-Type"] = form["Content-Type"],
  ["Long-Pulling-Timeout"] = "30000", ["Long-Pulling-Timeout-No-Hangup"] = "true" }
function makers.listen(i)
  return wrk.format("POST", "/nacos/v1/cs/configs/listener", poll,
    "Listening-Configs=bench-" .. (i % SERVICES) .. "%02DEFAULT_GROUP%02stale%01")
end

local requests, at, refused = {}, 0, 0

function init(args)
  local make = makers[args[1]]
  for i = 0, SERVICES * HOSTS - 1 do requests[i] = make(i) end
end

function request()
  at = (at + 1) % (SERVICES * HOSTS)
  return requests[at]
end

function response(status, _, body)
  if status ~= 200 then
    refused = refused + 1
    if refused == 1 then io.stderr:write(status .. " " .. string.sub(body or "", 1, 200) .. "\n") end
  end
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %.3f %.3f %d\n", summary.requests, summary.duration,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, e.status + e.connect + e.read + e.write + e.timeout))
end
