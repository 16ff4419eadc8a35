select visitor, min(time) as first_at, max(time) as last_at,
  count(distinct event_date) as days, count(*) as events,
  coalesce(sum(contact_requests), 0) as contact_requests,
  min(case when contact_requests > 0 then time end) as first_contact_at,
  max(case when contact_requests > 0 then time end) as last_contact_at,
  {channels_of_all} as channels,
  {sums}
from activity
where visitor is not null
group by visitor
