//! Projects: the parts of an organisation that usage is recorded for.

use async_graphql::{Context, ID, InputObject, Object};
use std::sync::Arc;

use super::access::{Call, Need, enter};
use super::connection::{COUNT_CAP, Connection, PageArgs, counter, page_of};
use super::cursor::List;
use super::fault::{Result, nullable};
use super::ident::{parse_id, show_id, unknown};
use super::scalar::Instant;
use super::user_error::payload;
use crate::app::tenants;
use crate::error::Error;
use crate::store::Keyed as _;
use crate::store::project as records;
use crate::viewer::Permission;
use billing::ids::{OrganisationId, ProjectId};

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[
    Need::query("project", Permission::ProjectsRead),
    Need::query("projects", Permission::ProjectsRead),
    Need::mutation("projectCreate", Permission::ProjectsWrite),
];

/// A part of an organisation.
pub(super) struct Project(pub(super) records::Project);

/// A project: a part of an organisation that usage is recorded for.
#[Object]
impl Project {
    /// Its id, `prj_…`.
    pub(super) async fn id(&self) -> ID {
        show_id(self.0.id)
    }

    /// The id of its organisation.
    async fn organisation_id(&self) -> ID {
        show_id(self.0.organisation_id)
    }

    /// Its short name, unique within the organisation.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// What people call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// When it was made.
    async fn created_at(&self) -> Instant {
        self.0.created_at.into()
    }
}

/// The project, unless the caller may not see it: to a project key its sisters do not exist.
pub(super) async fn find(
    call: &Call<'_>,
    organisation: OrganisationId,
    id: ProjectId,
) -> Result<Option<Project>, Error> {
    if call.viewer.own_project().is_some_and(|own| own != id) {
        return Ok(None);
    }
    Ok(records::find(&call.app.store, organisation, id).await?.map(Project))
}

/// The project a reading is narrowed to: the key's own, or the one that is named.
pub(super) async fn narrowed(
    call: &Call<'_>,
    organisation: OrganisationId,
    named: Option<&ID>,
) -> Result<Option<ProjectId>, Error> {
    let Some(named) = named else { return Ok(call.viewer.own_project()) };
    let id = parse_id(named, "projectId")?;
    let found = find(call, organisation, id).await?.ok_or_else(|| unknown("project", id).at(["projectId"]))?;
    Ok(Some(found.0.id))
}

#[derive(Default)]
pub(super) struct ProjectQuery;

#[Object]
impl ProjectQuery {
    /// One project. NOT_FOUND when it does not exist or is not yours.
    async fn project(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
        #[graphql(desc = "Its organisation; a key of the operator must name it.")] organisation_id: Option<ID>,
    ) -> Option<Result<Project>> {
        nullable(async {
            let call = enter(ctx)?;
            let organisation = call.organisation(organisation_id.as_ref())?;
            let id = parse_id(&id, "id")?;
            Ok(Some(find(&call, organisation, id).await?.ok_or_else(|| unknown("project", id))?))
        })
        .await
    }

    /// The projects of an organisation, newest first; a project's key sees only its own.
    async fn projects(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The organisation; a key of the operator must name it.")] organisation_id: Option<ID>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 when nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Project>> {
        let call = enter(ctx)?;
        let organisation = call.organisation(organisation_id.as_ref())?;
        let list = List::of("projects", (organisation, call.viewer.own_project()));
        let page = PageArgs::new(first, after, last, before).page(&list)?;
        let app = Arc::clone(call.app);
        if let Some(own) = call.viewer.own_project() {
            let found = records::find(&app.store, organisation, own).await?.into_iter().collect();
            let rows = page_of(found, &page, |row: &records::Project| row.cursor());
            return Ok(Connection::of(rows, &list, counter(|| async { Ok(1) }), Project));
        }
        let rows = records::page(&app.store, organisation, &page).await?;
        let count = counter(move || {
            let app = Arc::clone(&app);
            async move { records::count_capped(&app.store, organisation, COUNT_CAP + 1).await }
        });
        Ok(Connection::of(rows, &list, count, Project))
    }
}

/// What a new project is.
#[derive(InputObject)]
struct ProjectCreateInput {
    /// Its organisation; a key of the operator must name it.
    organisation_id: Option<ID>,
    /// Its short name, unique within the organisation: 1 to 64 of a-z, 0-9, `.`, `_` and `-`.
    code: String,
    /// What people call it; 1 to 200 characters.
    name: String,
}

payload! {
    /// What `projectCreate` answers.
    ProjectCreatePayload {
        /// The new project; null when there are errors.
        project: Project
    }
}

#[derive(Default)]
pub(super) struct ProjectMutation;

#[Object]
impl ProjectMutation {
    /// Makes a project.
    async fn project_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is.")] input: ProjectCreateInput,
    ) -> Result<ProjectCreatePayload> {
        let call = enter(ctx)?;
        ProjectCreatePayload::answer(create(&call, input).await)
    }
}

async fn create(call: &Call<'_>, input: ProjectCreateInput) -> Result<Project, Error> {
    let organisation = call.organisation(input.organisation_id.as_ref())?;
    tenants::create_project(call.app, call.viewer, organisation, input.code, input.name, call.now).await.map(Project)
}
