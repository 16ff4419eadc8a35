select time, id, datastream, visitor, session, subject, page, device, referrer, contact_requests,
  {requests},
  previous_at,
  coalesce(
    date_trunc('minute', time) between date_trunc('minute', previous_at) + interval '{repeat_minutes_min}' minute
      and date_trunc('minute', previous_at) + interval '{repeat_minutes_max}' minute,
    false
  ) as repeated,
  event_date
from (
  select contacts.*,
    max(time) over (
      partition by visitor order by date_trunc('minute', time)
      range between unbounded preceding and interval '1' minute preceding
    ) as previous_at
  from contacts
  where contact_requests > 0 and visitor is not null
) as r
