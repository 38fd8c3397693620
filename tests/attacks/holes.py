"""Classic holes, each as a small patch, and the ordinary tests that must fail while it is open.

`test_holes.py` opens one after another. A new promise deserves a line here: how it would be broken, and what notices.
"""

from api import (
    asking,
    credential,
    database,
    delivery,
    device,
    incoming,
    problem,
    proof,
    sign_in,
    site,
    time_code,
    version,
)
from api import export as api_export
from api.address import names_place
from api.asker import Asker
from api.headers import ALWAYS
from api.listing import Listing
from api.sign_in_tries import SignInTries
from api.turned_away import TurnedAway
from api.vault import Keys
from geo import (
    account_erasure,
    account_query,
    coverage,
    export,
    export_wanted,
    folium_map,
    log_chain,
    phone_delivery,
    release_draw,
)
from geo.export import FRAMES, Form
from tests.attacks import hole_patch as patches
from tests.attacks.hole import Hole, function, nothing, nothing_at_all, policy, put, swap
from web.page import own_path

RLS, MATRIX = "tests/db/test_row_level_security.py", "tests/attacks/test_matrix.py"
TWO = "tests/api/test_second_factor.py"
CELLS, GROUND = "my_cells_1km", "my_ground"

SCOPE = [
    Hole("a worker reaches the whole organisation", (
        f"{RLS}::test_a_streetworker_sees_the_areas_of_today_and_a_manager_all",
        "tests/api/test_site.py::test_what_is_not_visible_answers_exactly_as_what_does_not_exist",
    ), sql="CREATE POLICY hole ON lantern.site FOR SELECT TO lantern_app USING "
           "(organisation_id = lantern.asking_organisation())"),
    Hole("one city reaches another", (f"{RLS}::test_otto_of_another_city_sees_nothing_of_this_one",),
         sql="CREATE POLICY hole ON lantern.site FOR SELECT TO lantern_app USING (true)"),
    Hole("holiday cover lasts a day too long", (
        f"{RLS}::test_holiday_cover_reaches_from_its_first_day_to_its_last",
    ), sql=function(f"{CELLS} {GROUND}", "coalesce(mine.ends_on, 'infinity')",
                    "coalesce(mine.ends_on + 1, 'infinity')")
        + policy("work_area", "read", "COALESCE(mine.ends_on,", "COALESCE(mine.ends_on + 1,")),
    Hole("holiday cover begins a day too early", (
        f"{RLS}::test_holiday_cover_reaches_from_its_first_day_to_its_last",
    ), sql=function(f"{CELLS} {GROUND}", "BETWEEN mine.starts_on", "BETWEEN mine.starts_on - 1")
        + policy("work_area", "read", ">= mine.starts_on)", ">= mine.starts_on - 1)")),
    Hole("a closed area still reaches its places", (f"{RLS}::test_an_area_that_is_valid_no_more_reaches_nothing",),
         sql=function(f"{CELLS} {GROUND}", "coalesce(area.valid_to, 'infinity')", "'infinity'")
         + policy("work_area", "read", "COALESCE(valid_to,", "COALESCE(NULL,")),
    Hole("a site handed over is still seen by who logged it", (
        f"{RLS}::test_what_a_streetworker_logged_stays_theirs_until_it_is_handed_over",
        "tests/api/test_site.py::test_a_site_outside_every_area_stays_with_who_logged_it_until_it_is_handed_over",
    ), sql=policy("site", "reach", "(handed_over_at IS NULL)", "true")),
    Hole("the cells of an area are looked at and not its edge", (
        f"{RLS}::test_the_edge_of_an_area_counts_and_not_its_cells",
    ), sql=policy("site", "reach", "st_covers(( SELECT lantern.my_ground() AS my_ground), geom)", "true")),
    Hole("a planner counts as who looks after places", (
        "tests/api/test_maps.py::test_a_planner_is_shown_the_way_to_releases",
    ), patches.planner_as_manager),
    Hole("an export forgets its filters", ("tests/api/test_export.py::test_exports_are_filtered_like_the_lists",),
         put(export_wanted, "site_conditions", lambda organisation_id, wanted: [])),
    Hole("the desk is let in where places are", (f"{RLS}::test_desk_and_steward_see_no_place",),
         put(Asker, "scope", property(lambda asker: "organisation"))),
]  # fmt: skip

DATABASE = [
    Hole("a policy is not forced", (f"{RLS}::test_every_table_is_under_forced_policies",),
         sql="ALTER TABLE lantern.visit NO FORCE ROW LEVEL SECURITY"),
    Hole("the app's role bypasses policies", (f"{RLS}::test_the_roles_of_the_app_own_nothing_and_bypass_nothing",),
         sql="ALTER ROLE lantern_app BYPASSRLS", undo="ALTER ROLE lantern_app NOBYPASSRLS"),
    Hole("a function runs with its owner's rights", (
        f"{RLS}::test_the_roles_of_the_app_own_nothing_and_bypass_nothing",
    ), sql="ALTER FUNCTION lantern.my_ground() SECURITY DEFINER"),
    Hole("a view reads with its owner's rights", (f"{RLS}::test_every_table_is_under_forced_policies",),
         sql="CREATE VIEW lantern.every_site AS SELECT * FROM lantern.site; "
             "GRANT SELECT ON lantern.every_site TO lantern_app"),
    Hole("a planner's role may read the sites", (
        f"{RLS}::test_the_role_of_a_planner_reads_no_table_of_places_or_people",
    ), sql="GRANT USAGE ON SCHEMA lantern TO lantern_planner; GRANT SELECT ON lantern.site TO lantern_planner"),
    Hole("who asked stays on the connection", (
        f"{RLS}::test_nothing_of_one_transaction_is_left_for_the_next_on_the_same_connection",
    ), patches.kept_settings),
    Hole("a foreign key attaches a visit to any site", (
        f"{RLS}::test_a_foreign_key_does_not_attach_a_visit_to_a_site_out_of_reach",
    ), sql=policy("visit", "log", "EXISTS", "true OR EXISTS", "with_check")),
    Hole("the existence of a row shows by its unique key", (
        "tests/api/test_site.py::test_a_taken_id_answers_alike_whether_what_stands_there_is_seen_or_not",
    ), put(site, "create_site", patches.telling_create)),
    Hole("a list counts what is out of reach", (
        f"{MATRIX}::test_no_list_map_export_or_count_moves_with_what_is_out_of_reach[doggerstad-readers0]",
    ), patches.total_of_all),
    Hole("a worker's coverage counts others as gaps", (
        "tests/api/test_maps.py::test_a_streetworker_sees_the_own_area_and_sites_alone",
    ), swap(coverage.measure_coverage, patches.whole_coverage)),
]  # fmt: skip

LAW = "tests/db/test_law_request_policy.py"
BY_LAW = [
    Hole("one person releases alone", (
        f"{LAW}::test_one_person_cannot_be_both",
    ), sql=function("law_request_step", "OLD.proposed_by <> me", "true")),
    Hole("a proposal of last month still counts", (
        f"{LAW}::test_after_seven_days_nobody_agrees_and_nobody_proposes_again",
    ), sql="""CREATE OR REPLACE FUNCTION lantern.law_undecided(registered_at timestamptz, proposed_at timestamptz,
                  refused_at timestamptz, released_at timestamptz) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
              RETURN refused_at IS NULL AND released_at IS NULL;
              ALTER TABLE lantern.law_request DROP CONSTRAINT law_request_in_time_check"""),
    Hole("a third person fetches the file", (f"{LAW}::test_the_file_is_for_the_two_persons_and_never_changes",),
         sql="CREATE POLICY hole ON lantern.law_file FOR SELECT TO lantern_app USING "
             "(organisation_id = lantern.asking_organisation())"),
    Hole("who agrees looks and lets nothing out", (
        f"{LAW}::test_who_agrees_sees_what_is_asked_for_and_lets_it_out_or_sees_nothing",
    ), sql="DROP TRIGGER whole ON lantern.law_request"),
    Hole("retention takes what is held", (f"{LAW}::test_what_is_held_is_neither_deleted_nor_coarsened_in_any_scope",),
         sql="DROP POLICY held ON lantern.visit"),
    Hole("one person ends a hold by refusing", (
        "tests/api/test_law_frozen.py::test_a_refusal_by_one_person_ends_nothing_for_a_week",
    ), sql="""CREATE OR REPLACE FUNCTION lantern.law_holds(registered_at timestamptz, proposed_at timestamptz,
                  refused_at timestamptz, released_at timestamptz) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
              RETURN lantern.law_undecided(registered_at, proposed_at, refused_at, released_at)"""),
    Hole("an export goes out past the register", (
        "tests/api/test_law_request.py::test_exact_exports_are_frozen_until_it_is_decided_and_nothing_else",
    ), swap(api_export.refuse_frozen, nothing_at_all)),
]  # fmt: skip

KEPT = "tests/api/test_delivery_kept.py"
DELIVERED = [
    Hole("deliveries at once do not wait for each other", (
        "tests/api/test_delivery.py::test_fifty_at_once_make_one_row_and_one_record",
    ), swap(phone_delivery.queue_up, nothing_at_all)),
    Hole("a phone brings back what was erased", (
        f"{KEPT}::test_an_erased_site_takes_what_phones_sent_about_it_and_it_does_not_come_back",
    ), put(delivery, "_tells_of_erased", nothing_at_all)),
    Hole("what a manager settled keeps what was in it", (
        f"{KEPT}::test_the_database_holds_managers_and_authors_to_it",
    ), sql="DROP TRIGGER step ON lantern.delivery; "
           "ALTER TABLE lantern.delivery DROP CONSTRAINT delivery_body_sealed_check"),
]  # fmt: skip

LOG = [
    Hole("the log is written where it can be", (
        "tests/api/test_log.py::test_where_the_log_cannot_be_written_nothing_is_shown",
    ), put(database, "write", patches.best_effort_log)),
    Hole("reading the log is not logged", ("tests/api/test_log.py::test_reading_the_log_is_written_down_too",),
         patches.steward_reads_unlogged),
    Hole("a download is not logged", ("tests/api/test_log.py::test_a_download_is_written_down_before_it_begins",),
         swap(export.note_export, nothing_at_all)),
    Hole("a deleted row of the log goes unseen", (
        "tests/attacks/test_log_chain.py::test_what_a_superuser_does_to_the_log_is_found[delete-missing]",
    ), patches.chain_without_numbers),
    Hole("anchors are not looked at", (
        "tests/attacks/test_log_chain.py::test_what_a_superuser_does_to_the_log_is_found[cut-the end is missing]",
        "tests/attacks/test_log_chain.py::"
        "test_what_a_superuser_does_to_the_log_is_found[rewrite-the log was rewritten]",
    ), put(log_chain, "_by_number", lambda organisation_id, anchors: {})),
    Hole("wrong passwords leave no trace", (
        "tests/api/test_turned_away.py::test_a_wrong_password_is_in_the_log_of_whose_account_it_is",
    ), put(TurnedAway, "at_the_door", nothing)),
    Hole("guessed tokens and writes from other sites leave no trace", (
        "tests/api/test_turned_away.py::test_what_tells_nothing_of_whom_it_concerns_is_a_number_in_the_servers_words",
        "tests/api/test_passkey.py::test_a_removed_passkey_opens_nothing_and_is_counted",
    ), put(TurnedAway, "stranger", nothing)),
    Hole("a manager is not asked why", (
        "tests/api/test_purpose.py::test_a_manager_sees_no_exact_place_before_saying_why",
    ), swap(asking.require_purpose, nothing)),
]  # fmt: skip

SIGN_IN = [
    Hole("a token outlives its owner's leaving", (
        "tests/api/test_account.py::test_who_leaves_is_out_at_once_with_sessions_and_tokens",
    ), put(credential, "asker_of", patches.leaver_keeps_token)),
    Hole("the cookie is lax", ("tests/api/test_session.py::test_the_cookie_is_strict_and_out_of_reach_of_scripts",),
         patches.lax_cookie),
    Hole("a revoked device lives on in memory", (
        "tests/api/test_device.py::test_a_revoked_device_is_out_at_its_next_request_and_clears_what_it_kept",
    ), patches.sessions_in_memory),
    Hole("anyone ends anyone's session", ("tests/api/test_device.py::test_nobody_ends_the_session_of_a_colleague",),
         put(device, "_mine", patches.sessions_of_the_organisation),
         sql="CREATE POLICY hole ON lantern.session FOR ALL TO lantern_app USING "
             "(organisation_id = lantern.asking_organisation())"),
    Hole("a new password leaves the old sessions", (
        "tests/api/test_account.py::test_a_password_given_anew_ends_all_sessions",
    ), put(account_query, "end_credentials", nothing_at_all)),
    Hole("the second factor is not looked at", (f"{TWO}::test_who_sees_or_keeps_much_gives_a_code",),
         put(sign_in, "_check_code", nothing_at_all)),
    Hole("who must set one up may do everything before", (
        f"{TWO}::test_who_must_have_one_and_has_none_can_do_nothing_but_set_it_up",
    ), put(credential, "required", lambda roles, is_demo: False)),
    Hole("a code is good twice", (f"{TWO}::test_a_code_is_good_once_and_not_after_a_newer_one",),
         put(time_code, "take_step", patches.always)),
    Hole("tries are not counted", (
        "tests/api/test_sign_in_tries.py::test_each_further_wrong_password_has_to_wait_longer",
    ), put(SignInTries, "_count", nothing_at_all)),
    Hole("a new way in is made without the password", (
        "tests/api/test_proof.py::test_some_time_after_sign_in_password_and_code_are_asked_for_and_then_not_for_a_while",
    ), put(proof, "check_password", nothing_at_all)),
]  # fmt: skip

WIRE = [
    Hole("If-Match is not looked at", ("tests/api/test_site.py::test_a_change_states_the_version_it_saw",),
         swap(version.check_version, nothing)),
    Hole("another site may write", ("tests/api/test_session.py::test_a_write_that_another_site_sends_is_refused",),
         put(incoming, "_own", lambda headers: True)),
    Hole("sign-in leads to another site", ("tests/api/test_pages.py::test_sign_in_leads_only_to_own_pages",),
         swap(own_path, lambda wish, otherwise="/": wish or otherwise)),
    Hole("an address may name a place", (
        "tests/api/test_box.py::test_no_route_takes_a_place_in_its_address[*/*]",
        "tests/api/test_box.py::test_nobody_is_sent_to_sign_in_with_a_place_in_the_address",
    ), swap(names_place, lambda query: False)),
    Hole("a cursor forgets its box", ("tests/api/test_box.py::test_a_cursor_belongs_to_its_box_and_no_link_tells_it",),
         put(Listing, "within", lambda self, box: self)),
    Hole("pages tell the next site where one was", (
        "tests/api/test_app.py::test_every_answer_carries_the_headers_that_keep_it_private",
    ), lambda patch: patch.delitem(ALWAYS, "Referrer-Policy")),
    Hole("scripts may stand in the page", (
        "tests/api/test_app.py::test_every_answer_carries_the_headers_that_keep_it_private",
    ), lambda patch: patch.setitem(ALWAYS, "Content-Security-Policy", "default-src 'self' 'unsafe-inline'")),
    Hole("what was typed is markup on a page", (
        "tests/api/test_pages.py::test_names_that_look_like_markup_stay_text_on_every_page",
    ), patches.unescaped_pages),
    Hole("what was typed is markup in a tooltip", (
        "tests/unit/test_folium_map.py::test_a_name_that_holds_markup_reaches_the_page_as_text",
    ), put(folium_map, "to_json", patches.plain_json)),
    Hole("a cell of a CSV is a formula", (
        "tests/api/test_export.py::test_what_a_person_typed_arrives_as_it_was_and_runs_in_no_spreadsheet",
    ), lambda patch: patch.setitem(FRAMES[Form.CSV].binds, "formula", "^(?=never)")),
    Hole("an error holds the database's own words", (
        "tests/api/test_bad_input.py::test_no_answer_holds_the_words_of_the_database",
    ), put(problem, "of_database", patches.in_the_words_of_the_database)),
    Hole("an archive is taken", (
        "tests/attacks/test_hostile_files.py::test_an_archive_is_refused_by_its_name_before_it_is_read",
    ), patches.archives_as_json),
    Hole("a manager reads a note", ("tests/api/test_note.py::test_no_answer_to_mara_holds_a_note",),
         patches.notes_for_all),
    Hole("a sealed note opens in another row", (
        "tests/db/test_vault.py::test_what_was_moved_to_another_place_does_not_open[row]",
    ), put(Keys, "_place", patches.place_without_row)),
    Hole("who was erased is still in the history", (
        "tests/api/test_account_erasure.py::test_nothing_of_an_erased_person_is_in_a_dump_and_what_they_did_stays",
    ), put(account_erasure, "THEIRS", account_erasure.THEIRS[:-1])),
    Hole("an erased id opens whatever bears it", (
        "tests/api/test_erasure.py::test_only_what_a_steward_put_on_the_list_can_be_deleted",
    ), sql="""CREATE OR REPLACE FUNCTION lantern.erased(organisation uuid, erased_noun text, erased_id uuid)
              RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
              RETURN EXISTS (SELECT FROM lantern.erasure
                  WHERE erasure.organisation_id = organisation AND erasure.id = erased_id)"""),
    Hole("a restored backup is cleared of what a request by law holds", (
        "tests/api/test_erasure_held.py::"
        "test_what_a_request_holds_is_kept_whole_and_the_rest_is_erased_and_the_log_says_so",
    ), sql="DROP POLICY by_law ON lantern.work_area"),
    Hole("a receipt goes before its row", (
        "tests/db/test_retention.py::test_a_receipt_stays_as_long_as_its_row",
    ), sql="""ALTER POLICY retention_take ON lantern.receipt USING (organisation_id = lantern.asking_organisation()
              AND (SELECT lantern.asking_scope()) = 'retention')"""),
    Hole("a reason stays as it was typed when its writer is erased", (
        "tests/api/test_account_erasure.py::test_what_someone_typed_to_see_more_goes_with_them_and_that_they_saw_it_stays",
    ), put(account_erasure, "_empty_reasons", nothing_at_all)),
    Hole("whoever answers a widening rewrites its reason", (
        "tests/api/test_account_erasure.py::test_the_reason_of_a_widening_is_emptied_with_its_writer_alone",
    ), sql="DROP TRIGGER reason_kept ON lantern.widening"),
    Hole("a steward empties an account that has access", (
        "tests/api/test_account_erasure.py::"
        "test_the_database_itself_empties_only_whom_a_steward_put_on_the_list_after_they_left",
    ), sql="DROP POLICY ended_alone ON lantern.erasure"),
    Hole("a release is drawn twice", (
        "tests/db/test_release.py::test_a_second_draw_of_the_same_period_is_refused_and_names_the_first",
    ), put(release_draw, "_refuse_second", nothing_at_all),
        sql="ALTER TABLE release.release DROP CONSTRAINT release_organisation_id_series_geography_version_period_key"),
]  # fmt: skip

ALERT = "tests/api/test_alert.py"
ALERTS = [
    Hole("every worker sees every alert", (
        f"{ALERT}::test_who_does_not_look_after_the_place_sees_no_alert_and_hears_what_is_said_of_none",
    ), sql="CREATE POLICY hole ON lantern.alert FOR SELECT TO lantern_app USING "
           "(organisation_id = lantern.asking_organisation() AND lantern.asking_scope() = 'areas')"),
    Hole("a step is taken in another's name", (
        f"{ALERT}::test_no_step_is_altered_taken_back_or_made_in_anothers_name",
    ), sql=policy("alert_step", "step", "(by_account_id = lantern.asking_account())", "true", "with_check")),
    Hole("alerts are read without a trace", (
        f"{ALERT}::test_every_step_and_every_place_shown_is_in_the_log",
    ), put(asking.Asked, "saw", nothing)),
    Hole("every worker sees every patrol", (
        "tests/api/test_patrol.py::test_only_who_was_on_it_and_managers_see_a_patrol",
    ), sql="CREATE POLICY hole ON lantern.patrol FOR SELECT TO lantern_app USING "
             "(organisation_id = lantern.asking_organisation() AND lantern.asking_scope() = 'areas')"),
]  # fmt: skip

HOLES = [*SCOPE, *DATABASE, *BY_LAW, *DELIVERED, *ALERTS, *LOG, *SIGN_IN, *WIRE]
