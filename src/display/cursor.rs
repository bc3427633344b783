//! A place in the stream of news.

/// The entry, and the place among what it changed. Alerts come first, in the order in which the fold changed them, so
/// their cursors are the same after a restart; patients follow, drawn later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    pub seq: u64,
    pub index: u32,
}

/// Where drawn patients begin among the changes of one entry.
const PATIENTS: u32 = 1 << 20;

impl Cursor {
    pub fn of_patient(seq: u64, nth: u32) -> Cursor {
        Cursor { seq, index: PATIENTS.saturating_add(nth) }
    }
    /// After every alert of an entry, before any patient drawn there.
    pub fn before_patients(seq: u64) -> Cursor {
        Cursor { seq, index: PATIENTS }
    }
    /// After everything of an entry.
    pub fn end_of(seq: u64) -> Cursor {
        Cursor { seq, index: u32::MAX }
    }

    /// As clients see it: opaque to them, and worth nothing with another site's journal.
    pub fn text(self, epoch: &str) -> String {
        format!("{epoch}-{}-{}", self.seq, self.index)
    }

    /// `None` for anything that is not a cursor of this site.
    pub fn parse(text: &str, epoch: &str) -> Option<Cursor> {
        let mut parts = text.strip_prefix(epoch)?.strip_prefix('-')?.split('-');
        let cursor = Cursor { seq: parts.next()?.parse().ok()?, index: parts.next()?.parse().ok()? };
        parts.next().is_none().then_some(cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_what_it_writes_and_nothing_of_another_site() {
        for cursor in
            [Cursor::default(), Cursor { seq: 7, index: 3 }, Cursor::of_patient(9, 2), Cursor::end_of(8)]
        {
            let text = cursor.text("a1b2");
            assert_eq!(Cursor::parse(&text, "a1b2"), Some(cursor));
            assert_eq!(Cursor::parse(&text, "ffff"), None);
        }
        for bad in
            ["", "a1b2", "a1b2-1", "a1b2-1-2-3", "a1b2--1-2", "a1b2-x-1", "a1b2-99999999999999999999-1"]
        {
            assert_eq!(Cursor::parse(bad, "a1b2"), None, "{bad}");
        }
    }

    #[test]
    fn patients_drawn_at_an_entry_come_after_its_alerts_and_before_the_next() {
        let alert = Cursor { seq: 5, index: 40 };
        assert!(alert < Cursor::before_patients(5));
        assert!(Cursor::before_patients(5) < Cursor::of_patient(5, 1));
        assert!(Cursor::of_patient(5, 900) < Cursor::end_of(5));
        assert!(Cursor::end_of(5) < Cursor { seq: 6, index: 0 });
    }
}
