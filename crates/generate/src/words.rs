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

/// The pages; the first is the home page, the last three invite to make contact.
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

/// Where visitors come from: URL, kind in XDM's words.
pub(crate) const REFERRERS: &[(&str, &str)] = &[
    ("", "typed_bookmarked"),
    ("https://search.example/results?q=garden+bench", "search_engine"),
    ("https://search.example/results?q=shop+contact+number", "search_engine"),
    ("https://social.example/p/7fd3a1", "social"),
    ("https://mail.example/inbox", "email"),
    ("https://magazine.example/home/ten-desks-for-small-rooms", "external"),
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
}

/// The browsers, the frequent ones more than once.
pub(crate) const BROWSERS: &[Browser] = &[
    Browser {
        agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
        system: "Windows",
        device: "desktop",
        screen: (1920, 1080),
    },
    Browser {
        agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
        system: "Windows",
        device: "desktop",
        screen: (1536, 864),
    },
    Browser {
        agent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
        system: "macOS",
        device: "desktop",
        screen: (1728, 1117),
    },
    Browser {
        agent: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
        system: "Linux",
        device: "desktop",
        screen: (2560, 1440),
    },
    Browser {
        agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
        system: "iOS",
        device: "mobile",
        screen: (393, 852),
    },
    Browser {
        agent: "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
        system: "Android",
        device: "mobile",
        screen: (412, 915),
    },
    Browser {
        agent: "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
        system: "iPadOS",
        device: "tablet",
        screen: (820, 1180),
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
