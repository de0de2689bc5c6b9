//! Invites: made and deleted here, used in [`super::agents`].

use rusqlite::params;

use super::Work;
use crate::model::UnixMillis;
use crate::relay::clawtalk::rules::Invite;

impl Work<'_> {
    /// Keeps an invite under a new code; returns when it expires.
    pub(in crate::relay::clawtalk) fn add_invite(
        &self,
        invite: &Invite,
        code: &str,
    ) -> Result<Option<UnixMillis>, rusqlite::Error> {
        let expires = invite.lasts.map(|lasts| self.now.after(lasts));
        self.connection
            .prepare_cached(
                "INSERT INTO invites (code, label, max_uses, expires, created, uses)
                 VALUES (?1, ?2, ?3, ?4, ?5, 0)",
            )?
            .execute(params![
                code,
                invite.label,
                invite.max_uses,
                expires.map(|at| at.0),
                self.now.0
            ])?;
        Ok(expires)
    }

    /// Deletes an invite; tells whether it was there.
    pub(in crate::relay::clawtalk) fn delete_invite(
        &self,
        code: &str,
    ) -> Result<bool, rusqlite::Error> {
        let deleted = self
            .connection
            .prepare_cached("DELETE FROM invites WHERE code = ?1")?
            .execute([code])?;
        Ok(deleted > 0)
    }
}
