with
chats as (
  select datastream, session, visitor, subject, page, device, referrer, time,
    coalesce(chat_offered, 0) as offers, coalesce(chat_declined, 0) as declines,
    coalesce(chat_start, 0) as starts, coalesce(chat_end, 0) as ends
  from activity
  where {shows_chat}
),
by_id as (
  select c.*, cast(null as varchar) as owner,
    max(case when before is null or time >= before + interval '{session_hours}' hour then time end)
      over (partition by datastream, session order by time range between unbounded preceding and current row) as key_at
  from (
    select chats.*, lag(time) over (partition by datastream, session order by time) as before
    from chats
    where session is not null
  ) as c
),
of_visits as (
  select e.*,
    max(case when before is null or time > before + interval '{silence_minutes}' minute then time end)
      over (partition by datastream, visitor order by time range between unbounded preceding and current row) as key_at
  from (
    select datastream, session, visitor, subject, page, device, referrer, time,
      coalesce(chat_offered, 0) as offers, coalesce(chat_declined, 0) as declines,
      coalesce(chat_start, 0) as starts, coalesce(chat_end, 0) as ends,
      lag(time) over (partition by datastream, visitor order by time) as before
    from activity
    where visitor in (select visitor from chats where session is null)
  ) as e
),
keyed as (
  select datastream, session, owner, key_at, visitor, subject, page, device, referrer, time, offers, declines, starts, ends
  from by_id
  where time < key_at + interval '{session_hours}' hour
  union all
  select datastream, session, visitor as owner, key_at, visitor, subject, page, device, referrer, time, offers, declines, starts, ends
  from of_visits
  where session is null and offers + declines + starts + ends > 0 and time < key_at + interval '{visit_minutes}' minute
),
marked as (
  select keyed.*,
    min(case when offers > 0 then time end) over of_session as offered_at,
    min(case when starts > 0 then time end) over of_session as started_at,
    min(case when visitor is not null then time end) over of_session as visitor_at,
    min(case when subject is not null then time end) over of_session as subject_at,
    min(case when page is not null then time end) over of_session as page_at,
    min(case when device is not null then time end) over of_session as device_at,
    min(case when referrer is not null then time end) over of_session as referrer_at
  from keyed
  window of_session as (partition by datastream, session, owner, key_at)
),
summed as (
  select datastream, session,
    min(case when time = visitor_at then visitor end) as visitor,
    min(case when time = subject_at then subject end) as subject,
    min(case when time = page_at then page end) as page,
    min(case when time = device_at then device end) as device,
    min(case when time = referrer_at then referrer end) as referrer,
    min(time) as began_at, min(offered_at) as offered_at,
    min(case when declines > 0 then time end) as declined_at,
    min(started_at) as started_at,
    min(case when ends > 0 and (started_at is null or time >= started_at) then time end) as ended_at,
    max(time) as last_at,
    max(case when starts > 0 then time end) as last_start_at,
    min(case when ends > 0 then time end) as first_end_at,
    sum(offers) as offers, sum(declines) as declines, sum(starts) as starts, sum(ends) as ends,
    sum(case when time >= offered_at then starts else 0 end) as prompted
  from marked
  group by datastream, session, owner, key_at
)
select session, datastream, visitor, subject, page, device, referrer,
  began_at, offered_at, declined_at, started_at, ended_at, last_at,
  offers, declines, starts, ends,
  case when started_at is not null then cast(floor(extract(epoch from ended_at - started_at)) as bigint) end
    as duration_seconds,
  case
    when started_at is not null and ended_at is not null then 'ended'
    when started_at is not null and last_at > now() - interval '{session_hours}' hour then 'open'
    when started_at is not null then 'unended'
    when declines > 0 then 'declined'
    when offers > 0 then 'ignored'
    else 'end_only'
  end as outcome,
  prompted > 0 as accepted,
  case when offers > declines + prompted then offers - declines - prompted else 0 end as ignored,
  starts - prompted as unprompted,
  nullif(concat_ws(',',
    case when ends > 0 and starts = 0 then '{end_without_start}' end,
    case when last_start_at > first_end_at then '{start_after_end}' end,
    case when declines > 0 and starts > 0 then '{declined_and_started}' end,
    case when starts > 1 then '{two_starts}' end
  ), '') as anomalies,
  cast(began_at as date) as event_date
from summed
