with
ordered as (
  select datastream, visitor, time, contact_requests,
    case when contact_requests > 0 then subject end as subject,
    case when contact_requests > 0 then page end as page,
    case when contact_requests > 0 then device end as device,
    case when contact_requests > 0 then referrer end as referrer,
    {requests},
    lag(time) over (partition by datastream, visitor order by time) as before
  from activity
  where visitor is not null
),
divided as (
  select ordered.*,
    max(case when before is null or time > before + interval '{silence_minutes}' minute then time end)
      over (partition by datastream, visitor order by time range between unbounded preceding and current row) as began_at
  from ordered
),
ranked as (
  select divided.*,
    rank() over (
      partition by datastream, visitor, began_at
      order by case when contact_requests > 0 then 0 else 1 end, time,
        page nulls last, subject nulls last, device nulls last, referrer nulls last
    ) as place
  from divided
  where time < began_at + interval '{visit_minutes}' minute
),
summed as (
  select datastream, visitor, began_at, max(time) as last_at, count(*) as events,
    sum(contact_requests) as contact_requests,
    min(case when contact_requests > 0 then time end) as first_contact_at,
    max(case when place = 1 then subject end) as subject,
    max(case when place = 1 then page end) as page,
    max(case when place = 1 then device end) as device,
    max(case when place = 1 then referrer end) as referrer,
    {first_requests}
  from ranked
  group by datastream, visitor, began_at
)
select datastream, visitor, began_at, last_at, events, contact_requests, first_contact_at,
  cast(floor(extract(epoch from first_contact_at - began_at)) as bigint) as seconds_to_first_contact,
  {channels} as channels,
  subject, page, device, referrer,
  cast(began_at as date) as event_date
from summed
