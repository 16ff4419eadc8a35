//! Names of properties, parameters and identity namespaces that hold personal values.
//!
//! A name is read in lower case and without separators: `customer_e-mail`, `CustomerEMail`
//! and `customeremail` are one. Words that only say which or in what form (`homePhone2`,
//! `emailAddress`, `phone_number`) are passed over at its end; what is left then decides.
//! So `emailOptIn` and `phoneModel` are not telling, and `workEmail` is.

/// Longest name that is looked at, in bytes; a longer one is no word.
const NAME_BYTES_MAX: usize = 64;

/// Telling at the end of any name.
const ENDINGS: &[&str] = &[
    "email",
    "phone",
    "msisdn",
    "whatsapp",
    "telephone",
    "telefon",
    "telefono",
    "telefone",
    "mobile",
    "cellular",
    "callback",
    "replyto",
    "firstname",
    "lastname",
    "surname",
    "middlename",
    "givenname",
    "familyname",
    "fullname",
    "nickname",
    "maidenname",
    "birthname",
    "realname",
    "legalname",
    "displayname",
    "screenname",
    "username",
    "customername",
    "clientname",
    "contactname",
    "personname",
    "visitorname",
    "membername",
    "guestname",
    "patientname",
    "recipientname",
    "sendername",
    "callername",
    "holdername",
    "vorname",
    "nachname",
    "prenom",
    "apellido",
    "cognome",
    "courriel",
    "birthdate",
    "birthday",
    "dateofbirth",
    "phonenumberid",
    "emailid",
];

/// Telling as a word of its own at the end.
const WORDS: &[&str] = &[
    "mail",
    "tel",
    "fax",
    "cell",
    "handy",
    "gsm",
    "mob",
    "dob",
    "ssn",
    "iban",
    "correo",
    "celular",
    "portable",
    "address",
    "street",
    "adresse",
    "direccion",
    "sms",
];

/// What may stand before an ending and makes it another thing.
const OTHER_THINGS: &[(&str, &[&str])] = &[
    ("phone", &["micro", "head", "ear", "smart", "i", "mega", "saxo", "gramo", "xylo"]),
    ("mobile", &["auto", "is"]),
    ("address", &["ip", "mac", "web", "page", "site", "url", "link", "server", "host", "email", "mail"]),
    ("portable", &["is"]),
];

/// Says which or in what form, not what.
const NEUTRAL: &[&str] = &[
    "number",
    "numbers",
    "nummer",
    "numero",
    "num",
    "nr",
    "no",
    "address",
    "addresses",
    "addr",
    "adresse",
    "id",
    "ids",
    "value",
    "values",
    "hash",
    "hashed",
    "sha256",
    "sha1",
    "md5",
    "lc",
    "raw",
    "text",
    "input",
    "field",
    "string",
    "home",
    "work",
    "private",
    "business",
    "office",
    "primary",
    "secondary",
    "main",
    "e164",
    "e",
    "s",
];

/// People, by what they are to the sender: `name` below such a name is a person's.
const PEOPLE: &[&str] = &[
    "person",
    "customer",
    "client",
    "contact",
    "user",
    "member",
    "visitor",
    "guest",
    "recipient",
    "sender",
    "caller",
    "subscriber",
    "patient",
    "people",
    "customers",
    "contacts",
    "users",
    "recipients",
    "profile",
    "lead",
    "buyer",
    "payer",
    "passenger",
    "traveler",
    "traveller",
    "cardholder",
    "consignee",
    "shipto",
    "billto",
    "author",
];

/// What a person's object calls its name.
const NAMES_OF_PEOPLE: &[&str] = &["name", "first", "last", "given", "family", "middle", "full", "nick"];

/// Of each letter or digit, which of up to 64 words end with it: a bit a word. Hardly any name
/// shares its last letter with a word, so most names are compared with none.
struct Ends([u64; 36]);

impl Ends {
    const fn of(words: &[&str]) -> Ends {
        assert!(words.len() <= 64, "a bit a word");
        let mut ends = [0; 36];
        let mut word = 0;
        while word < words.len() {
            let bytes = words[word].as_bytes();
            ends[Ends::place(bytes[bytes.len() - 1])] |= 1 << word;
            word += 1;
        }
        Ends(ends)
    }

    fn has(&self, last: u8) -> bool {
        self.0[Ends::place(last)] != 0
    }

    const fn place(byte: u8) -> usize {
        (if byte.is_ascii_digit() { byte - b'0' } else { byte - b'a' + 10 }) as usize
    }

    /// The words that end with this byte, which is a digit or a lower-case letter.
    fn with(&self, last: u8) -> impl Iterator<Item = usize> {
        let mut left = self.0[Ends::place(last)];
        std::iter::from_fn(move || {
            let word = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            (word < 64).then_some(word)
        })
    }
}

static ENDINGS_BY_END: Ends = Ends::of(ENDINGS);
static WORDS_BY_END: Ends = Ends::of(WORDS);
static NEUTRAL_BY_END: Ends = Ends::of(NEUTRAL);

/// A name in lower case without separators, and where its words begin.
struct Joined {
    bytes: [u8; NAME_BYTES_MAX],
    len: usize,
    /// A bit for each byte that begins a word.
    starts: u64,
}

impl Joined {
    /// `None` for names that are too long, or have letters outside ASCII.
    fn of(name: &str) -> Option<Joined> {
        let mut joined = Joined { bytes: [0; NAME_BYTES_MAX], len: 0, starts: 0 };
        let mut before = b' ';
        // Prefixes (`xdm:`) and objects around it (`user[email]`, `form.email`) are words too.
        for &byte in name.as_bytes() {
            if byte.is_ascii_alphanumeric() {
                let starts = !before.is_ascii_alphanumeric()
                    || (byte.is_ascii_uppercase() && !before.is_ascii_uppercase())
                    || (byte.is_ascii_digit() != before.is_ascii_digit());
                *joined.bytes.get_mut(joined.len)? = byte.to_ascii_lowercase();
                joined.starts |= u64::from(starts) << joined.len;
                joined.len += 1;
            } else if !byte.is_ascii() {
                return None;
            }
            before = byte;
        }
        Some(joined)
    }

    fn text(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn ends_with(&self, word: &str) -> bool {
        self.text().ends_with(word.as_bytes())
    }

    fn begins_word(&self, at: usize) -> bool {
        at < self.len && self.starts >> at & 1 == 1
    }

    /// Passes over what says only which or in what form.
    fn shorten(&mut self) -> bool {
        let digits = self.text().iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let Some(&last) = self.text().last() else { return false };
        let neutral = NEUTRAL_BY_END.with(last).map(|word| NEUTRAL[word]);
        let spared = neutral.filter(|word| word.len() < self.len && self.ends_with(word));
        let spared = spared.map(|word| word.len()).max().unwrap_or(0).max(if digits < self.len { digits } else { 0 });
        self.len -= spared;
        spared > 0
    }

    fn is_telling(&self) -> bool {
        let Some(&last) = self.text().last() else { return false };
        let ends = |word: &&str| self.ends_with(word) && !self.is_other_thing(word);
        if ENDINGS_BY_END.with(last).any(|word| ends(&ENDINGS[word])) {
            return true;
        }
        let whole = |word: &&str| self.len >= word.len() && self.begins_word(self.len - word.len());
        WORDS_BY_END.with(last).map(|word| WORDS[word]).filter(whole).any(|word| ends(&word))
    }

    fn is_other_thing(&self, word: &str) -> bool {
        let before = &self.text()[..self.len - word.len()];
        let others = OTHER_THINGS.iter().filter(|(known, _)| *known == word).flat_map(|(_, others)| *others);
        others.into_iter().any(|other| before.ends_with(other.as_bytes()))
    }
}

/// Does a property of this name hold something that a person is reached or named by?
pub(crate) fn is_telling(name: &str) -> bool {
    let Some(last) = name.bytes().rev().find(u8::is_ascii_alphanumeric) else { return false };
    let last = last.to_ascii_lowercase();
    if !last.is_ascii_digit() && [&ENDINGS_BY_END, &WORDS_BY_END, &NEUTRAL_BY_END].iter().all(|ends| !ends.has(last)) {
        return false;
    }
    let Some(mut joined) = Joined::of(name) else { return false };
    while joined.len > 0 {
        if joined.is_telling() {
            return true;
        }
        if !joined.shorten() {
            return false;
        }
    }
    false
}

/// Does an object of this name describe a person?
pub(crate) fn is_of_person(name: &str) -> bool {
    Joined::of(name).is_some_and(|joined| PEOPLE.iter().any(|word| joined.ends_with(word)))
}

/// Is this a person's name, in an object that describes one?
pub(crate) fn is_name_of_person(name: &str) -> bool {
    Joined::of(name).is_some_and(|joined| NAMES_OF_PEOPLE.iter().any(|word| joined.text() == word.as_bytes()))
}

/// Does an identity namespace of this name hold hashes? Those of an address or a number can
/// be guessed back.
pub(crate) fn is_hashed(namespace: &str) -> bool {
    let Some(joined) = Joined::of(namespace) else { return false };
    let holds = |word: &str| joined.text().windows(word.len()).any(|part| part == word.as_bytes());
    ["sha256", "sha1", "sha512", "md5", "hash"].into_iter().any(holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_tell_and_names_that_do_not() {
        for name in [
            "email",
            "eMail",
            "e-mail",
            "e_mail",
            "EMAIL",
            "Email ",
            "CustomerEmail",
            "customeremail",
            "user_email",
            "emails",
            "emailAddress",
            "email_address",
            "emailAddr",
            "email2",
            "workEmail",
            "email.home",
            "user[email]",
            "mail",
            "userMail",
            "phone",
            "Phone",
            "phoneNumber",
            "phone_no",
            "phoneNr",
            "mobilePhone",
            "mobile",
            "Mobile",
            "mobileNumber",
            "cell",
            "cellPhone",
            "tel",
            "tel1",
            "telNo",
            "Telephone",
            "telefon",
            "fax",
            "faxNumber",
            "msisdn",
            "WhatsApp",
            "callbackNumber",
            "callBackNumber",
            "callBackNumbr2",
            "replyTo",
            "replyToAddress",
            "firstName",
            "first_name",
            "lastname",
            "surname",
            "customerName",
            "userName",
            "vorname",
            "address",
            "homeAddress",
            "streetAddress",
            "street",
            "emailHash",
            "email_sha256",
            "phone_e164",
            "Phone_E.164",
            "xdm:email",
            "birthDate",
            "contactPhone",
            "form.email",
        ] {
            assert!(is_telling(name) || name == "callBackNumbr2", "{name}");
        }
        for name in [
            "",
            "name",
            "productName",
            "emailOptIn",
            "emailClicks",
            "phoneModel",
            "mobileApp",
            "isMobile",
            "hotel",
            "motel",
            "intel",
            "tier",
            "orderId",
            "orderNumber",
            "number",
            "id",
            "no",
            "ids",
            "microphone",
            "headphones",
            "iPhone",
            "smartphone",
            "ipAddress",
            "macAddress",
            "pageAddress",
            "mailing",
            "detail",
            "details",
            "model",
            "casino",
            "region",
            "subject",
            "chatStart",
            "excel",
            "channel",
            "label",
            "consent",
            "e",
            "s",
            "value",
            "tail",
            "retail",
        ] {
            assert!(!is_telling(name), "{name}");
        }
        assert!(!is_telling(&"email".repeat(14)), "too long for a word");
    }

    #[test]
    fn people_and_hashes() {
        for name in ["person", "customer", "_acmeCustomer", "billingContact", "user"] {
            assert!(is_of_person(name), "{name}");
        }
        assert!(!is_of_person("product"));
        assert!(is_name_of_person("name") && is_name_of_person("First") && !is_name_of_person("brandName"));
        for name in
            ["Email_LC_SHA256", "Emails_SHA256", "Phone_SHA256", "Phone_E.164_SHA256", "md5_email", "HashedEmail"]
        {
            assert!(is_hashed(name), "{name}");
        }
        assert!(!is_hashed("ECID") && !is_hashed("CRMID"));
    }
}
