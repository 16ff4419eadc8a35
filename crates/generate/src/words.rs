//! The made-up shop that the demo data come from: pages, subjects, browsers, places.
//!
//! Everything here is fictional by construction: domains end in `.example`, telephone
//! numbers are from ranges that the numbering authorities reserve for fiction.

/// A page of the shop.
pub(crate) struct Page {
    /// Path after the host.
    pub(crate) path: &'static str,
    /// Name in the reports.
    pub(crate) name: &'static str,
    /// Section of the site.
    pub(crate) section: &'static str,
}

/// Host of the shop.
pub(crate) const HOST: &str = "www.shop.example";

/// The pages; the first is the home page, those from [`INVITING`] on invite to make contact.
pub(crate) const PAGES: &[Page] = &[
    Page { path: "/", name: "home", section: "home" },
    Page { path: "/products/garden-bench-oak-150", name: "product: garden bench", section: "products" },
    Page { path: "/products/floor-lamp-linen-shade", name: "product: floor lamp", section: "products" },
    Page { path: "/products/standing-desk-walnut", name: "product: standing desk", section: "products" },
    Page { path: "/products/bookcase-five-shelves", name: "product: bookcase", section: "products" },
    Page { path: "/products?sort=price&page=2", name: "product list", section: "products" },
    Page { path: "/cart", name: "cart", section: "checkout" },
    Page { path: "/checkout/delivery", name: "checkout: delivery", section: "checkout" },
    Page { path: "/account/orders", name: "orders", section: "account" },
    Page { path: "/help/returns-and-refunds", name: "help: returns", section: "help" },
    Page { path: "/help/delivery-times", name: "help: delivery", section: "help" },
    Page { path: "/contact", name: "contact", section: "contact" },
];

/// The first of the pages that invite to make contact.
pub(crate) const INVITING: u8 = 9;

/// What visitors ask about.
pub(crate) const SUBJECTS: &[&str] = &[
    "Service Request",
    "Delivery date",
    "Return or refund",
    "Damaged item",
    "Invoice copy",
    "Change of address",
    "Product question",
    "Warranty",
    "Bulk order",
    "Complaint",
];

/// Where visitors come from: one kind of way to the shop.
pub(crate) struct Source {
    /// Referrer of the first page; empty where the address was typed or bookmarked, or the browser kept it back.
    pub(crate) url: &'static str,
    /// Kind in XDM's words.
    pub(crate) kind: &'static str,
    /// Of 100 sessions so many begin this way.
    pub(crate) of_100: u32,
    /// On which pages they begin: indices into [`PAGES`].
    pub(crate) landing: &'static [u8],
    /// In so many of 100 sessions a chat is offered: invitations go to who stays for a while.
    pub(crate) invited_of_100: u32,
    /// In so many of 100 sessions a link to call or write is used.
    pub(crate) clicking_of_100: u32,
}

const fn source(
    (url, kind): (&'static str, &'static str),
    of_100: u32,
    landing: &'static [u8],
    [invited_of_100, clicking_of_100]: [u32; 2],
) -> Source {
    Source { url, kind, of_100, landing, invited_of_100, clicking_of_100 }
}

/// Who looks for a telephone number asks; who follows a picture looks around.
pub(crate) const SOURCES: &[Source] = &[
    source(("", "typed_bookmarked"), 27, &[0, 0, 0, 6, 8, 11], [60, 52]),
    source(("https://search.example/", "search_engine"), 24, &[1, 2, 3, 4, 5], [58, 36]),
    source(("https://search.example/results?q=shop+contact+number", "search_engine"), 8, &[9, 10, 11, 11], [72, 82]),
    source(("https://find.example/", "search_engine"), 8, &[0, 1, 3, 11], [62, 48]),
    source(("https://social.example/p/7fd3a1", "social"), 11, &[1, 2, 4], [52, 26]),
    source(("https://video.example/watch", "social"), 4, &[2, 3], [50, 22]),
    source(("https://mail.example/inbox", "email"), 9, &[5, 7, 8, 10], [62, 54]),
    source(("https://magazine.example/home/ten-desks-for-small-rooms", "external"), 5, &[3], [52, 30]),
    source(("https://compare.example/garden/benches", "external"), 4, &[1], [60, 38]),
];

/// A browser or app as it describes itself.
pub(crate) struct Browser {
    /// User-Agent header.
    pub(crate) agent: &'static str,
    /// Operating system.
    pub(crate) system: &'static str,
    /// `mobile`, `tablet` or `desktop`, as XDM's device type.
    pub(crate) device: &'static str,
    /// Screen in CSS pixels.
    pub(crate) screen: (u32, u32),
    /// Of 100 visitors so many use it.
    pub(crate) of_100: u32,
}

/// The browsers.
pub(crate) const BROWSERS: &[Browser] = &[
    Browser {
        agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
        system: "Windows",
        device: "desktop",
        screen: (1920, 1080),
        of_100: 19,
    },
    Browser {
        agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
        system: "Windows",
        device: "desktop",
        screen: (1536, 864),
        of_100: 7,
    },
    Browser {
        agent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
        system: "macOS",
        device: "desktop",
        screen: (1728, 1117),
        of_100: 10,
    },
    Browser {
        agent: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
        system: "Linux",
        device: "desktop",
        screen: (2560, 1440),
        of_100: 4,
    },
    Browser {
        agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
        system: "iOS",
        device: "mobile",
        screen: (393, 852),
        of_100: 25,
    },
    Browser {
        agent: "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
        system: "Android",
        device: "mobile",
        screen: (412, 915),
        of_100: 25,
    },
    Browser {
        agent: "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
        system: "iPadOS",
        device: "tablet",
        screen: (820, 1180),
        of_100: 7,
    },
    Browser {
        agent: "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
        system: "Android",
        device: "tablet",
        screen: (800, 1280),
        of_100: 3,
    },
];

/// A place that visitors are in. Offsets are those of standard time all year round.
pub(crate) struct Place {
    /// IANA time zone.
    pub(crate) zone: &'static str,
    /// Minutes east of Greenwich.
    pub(crate) east_minutes: i32,
    /// Calling code without the plus.
    pub(crate) calling_code: &'static str,
    /// Numbers reserved for fiction: the start, then as many digits as `#` stand there.
    pub(crate) numbers: &'static [&'static str],
}

/// The places.
pub(crate) const PLACES: &[Place] = &[
    Place {
        zone: "America/New_York",
        east_minutes: -300,
        calling_code: "1",
        numbers: &["1-212-555-01##", "1-718-555-01##"],
    },
    Place {
        zone: "America/Los_Angeles",
        east_minutes: -480,
        calling_code: "1",
        numbers: &["1-408-555-01##", "1-213-555-01##"],
    },
    Place {
        zone: "Europe/London",
        east_minutes: 0,
        calling_code: "44",
        numbers: &["+44 7700 900###", "+44 20 7946 0###"],
    },
    Place {
        zone: "Europe/Berlin",
        east_minutes: 60,
        calling_code: "49",
        numbers: &["+49 30 23125 ###", "+49 40 66969 ###"],
    },
    Place {
        zone: "Europe/Paris",
        east_minutes: 60,
        calling_code: "33",
        numbers: &["+33 1 99 00 ####", "+33 6 39 98 ####"],
    },
    Place {
        zone: "Australia/Sydney",
        east_minutes: 600,
        calling_code: "61",
        numbers: &["+61 2 5550 ####", "+61 3 5550 ####"],
    },
];

/// First parts of reply addresses and display names.
pub(crate) const NAMES: &[&str] =
    &["Jo", "Sam", "Alex", "Kim", "Robin", "Chris", "Toni", "Mika", "Noor", "Sasha", "Luca", "Ari"];

/// Mail hosts.
pub(crate) const MAIL_HOSTS: &[&str] = &["shop.example", "mail.example", "post.example", "office.example"];
