//! Runs of jobs: when and how many, nothing to seal.

use rusqlite::OptionalExtension;

use super::connection::Work;
use super::fault::Fault;
use crate::base::clock::UtcInstant;
use crate::store::record::JobRecord;

/// Notes a run.
pub fn put(work: &Work<'_>, job: &JobRecord) -> Result<(), Fault> {
    let [refreshed, skipped, failed] = job.counts;
    work.database
        .prepare_cached(
            "INSERT OR REPLACE INTO jobs (name, started_at, ended_at, refreshed, skipped, failed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((
            &job.name,
            job.started_at.epoch(),
            job.ended_at.map(UtcInstant::epoch),
            refreshed,
            skipped,
            failed,
        ))?;
    Ok(())
}

/// The last run of a job.
pub fn get(work: &Work<'_>, name: &str) -> Result<Option<JobRecord>, Fault> {
    let job = work
        .database
        .prepare_cached("SELECT name, started_at, ended_at, refreshed, skipped, failed FROM jobs WHERE name = ?1")?
        .query_row([name], |row| {
            Ok(JobRecord {
                name: row.get(0)?,
                started_at: UtcInstant::from_epoch(row.get(1)?),
                ended_at: row.get::<_, Option<i64>>(2)?.map(UtcInstant::from_epoch),
                counts: [row.get(3)?, row.get(4)?, row.get(5)?],
            })
        })
        .optional()?;
    Ok(job)
}
