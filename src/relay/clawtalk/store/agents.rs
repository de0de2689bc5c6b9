//! Registration, changes of records, and farewells.

use std::sync::Arc;

use rusqlite::{OptionalExtension, params};

use super::Work;
use crate::model::UnixMillis;
use crate::relay::clawtalk::directory::{Agent, Inbox, Live};
use crate::relay::clawtalk::rules::{NewAgent, Patch, Refusal, Registration, WebhookPatch};

impl Work<'_> {
    /// Registers an agent for the admin; returns the name.
    pub(in crate::relay::clawtalk) fn add_agent(
        &mut self,
        agent: NewAgent,
        key_hash: [u8; 32],
    ) -> Result<Result<String, Refusal>, rusqlite::Error> {
        if self.directory().find(&agent.name).is_some() {
            return Ok(Err(Refusal::conflict("Agent already exists")));
        }
        self.insert_agent(agent, key_hash).map(Ok)
    }

    /// Registers whoever has an invite that is good for it, and counts its use.
    pub(in crate::relay::clawtalk) fn register(
        &mut self,
        Registration { invite, agent }: Registration,
        key_hash: [u8; 32],
    ) -> Result<Result<String, Refusal>, rusqlite::Error> {
        let found: Option<(i64, Option<i64>, Option<i64>, i64)> = self
            .connection
            .prepare_cached("SELECT number, max_uses, expires, uses FROM invites WHERE code = ?1")?
            .query_row([&invite], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()?;
        let refused = |text| Ok(Err(Refusal::forbidden(text)));
        let Some((number, max_uses, expires, uses)) = found else {
            return refused("Invalid or expired invite code");
        };
        if expires.is_some_and(|expires| expires <= self.now.0) {
            return refused("Invite code has expired");
        }
        if max_uses.is_some_and(|most| uses >= most) {
            return refused("Invite code has reached its usage limit");
        }
        if self.directory().find(&agent.name).is_some() {
            return Ok(Err(Refusal::conflict("Agent name already taken")));
        }
        self.connection
            .prepare_cached("UPDATE invites SET uses = uses + 1 WHERE number = ?1")?
            .execute([number])?;
        self.insert_agent(agent, key_hash).map(Ok)
    }

    fn insert_agent(
        &mut self,
        agent: NewAgent,
        key_hash: [u8; 32],
    ) -> Result<String, rusqlite::Error> {
        let now = self.now;
        let id = self
            .connection
            .prepare_cached(
                "INSERT INTO agents (name, owner, capabilities, webhook, public_key, signing_key,
                   key_hash, registered, seen)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)",
            )?
            .insert(params![
                agent.name,
                agent.owner,
                agent.capabilities,
                agent.webhook,
                agent.public_key,
                agent.signing_key,
                key_hash,
                now.0
            ])?;
        let inbox = Inbox {
            waiting: 0,
            newest: UnixMillis(0),
        };
        let name = agent.name.clone();
        self.change_directory(|directory| {
            directory.put(Agent {
                id,
                name: agent.name.into(),
                owner: agent.owner,
                capabilities: agent.capabilities,
                webhook: agent.webhook,
                public_key: agent.public_key,
                signing_key: agent.signing_key,
                key_hash,
                registered: now,
                live: Arc::new(Live::new(now, inbox)),
            });
        });
        Ok(name)
    }

    /// Changes the record of an agent, whose id may be gone by now.
    pub(in crate::relay::clawtalk) fn patch_agent(
        &mut self,
        id: i64,
        patch: Patch,
    ) -> Result<Result<(), Refusal>, rusqlite::Error> {
        let Some(agent) = self.directory().agent(id) else {
            return Ok(Err(Refusal::not_found("Agent not found")));
        };
        let mut agent = Agent::clone(agent);
        match patch.webhook {
            WebhookPatch::Stays => {}
            WebhookPatch::Goes => agent.webhook = None,
            WebhookPatch::Is(url) => agent.webhook = Some(url),
        }
        if patch.capabilities.is_some() {
            agent.capabilities = patch.capabilities;
        }
        agent.public_key = patch.public_key.unwrap_or(agent.public_key);
        agent.signing_key = patch.signing_key.unwrap_or(agent.signing_key);
        self.write_agent(agent)?;
        Ok(Ok(()))
    }

    /// Gives an agent another API key; the one before is no longer good.
    pub(in crate::relay::clawtalk) fn renew_key(
        &mut self,
        id: i64,
        key_hash: [u8; 32],
    ) -> Result<Result<(), Refusal>, rusqlite::Error> {
        let Some(agent) = self.directory().agent(id) else {
            return Ok(Err(Refusal::not_found("Agent not found")));
        };
        let mut agent = Agent::clone(agent);
        agent.key_hash = key_hash;
        self.write_agent(agent)?;
        Ok(Ok(()))
    }

    fn write_agent(&mut self, agent: Agent) -> Result<(), rusqlite::Error> {
        agent.live.see(self.now);
        self.connection
            .prepare_cached(
                "UPDATE agents SET capabilities = ?2, webhook = ?3, public_key = ?4,
                   signing_key = ?5, key_hash = ?6, seen = ?7
                 WHERE id = ?1",
            )?
            .execute(params![
                agent.id,
                agent.capabilities,
                agent.webhook,
                agent.public_key,
                agent.signing_key,
                agent.key_hash,
                self.now.0
            ])?;
        self.change_directory(|directory| directory.put(agent));
        Ok(())
    }

    /// Removes an agent and what waits for them. What they sent stays.
    pub(in crate::relay::clawtalk) fn remove_agent(
        &mut self,
        id: i64,
    ) -> Result<Result<(), Refusal>, rusqlite::Error> {
        if self.directory().agent(id).is_none() {
            return Ok(Err(Refusal::not_found("Agent not found")));
        }
        let execute = |sql: &str| self.connection.prepare_cached(sql)?.execute([id]);
        execute(
            "UPDATE messages SET left_over = left_over - 1
             WHERE number IN (SELECT message FROM copies WHERE agent = ?1)",
        )?;
        execute(
            "DELETE FROM messages WHERE left_over <= 0
             AND number IN (SELECT message FROM copies WHERE agent = ?1)",
        )?;
        execute("DELETE FROM copies WHERE agent = ?1")?;
        execute("DELETE FROM hooks WHERE agent = ?1")?;
        execute("DELETE FROM idempotency_keys WHERE agent = ?1")?;
        execute("DELETE FROM agents WHERE id = ?1")?;
        self.change_directory(|directory| directory.remove(id));
        Ok(Ok(()))
    }
}
