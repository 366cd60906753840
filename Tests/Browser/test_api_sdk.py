"""The official SDK of the CRM, unchanged, against the REST API."""

import pytest
from api import Client
from zohocrmsdk.src.com.zoho.api.authenticator import OAuthToken
from zohocrmsdk.src.com.zoho.api.authenticator.store import FileStore
from zohocrmsdk.src.com.zoho.api.logger import Logger
from zohocrmsdk.src.com.zoho.crm.api import (
    HeaderMap, ParameterMap, email_related_records, email_sharing_details, fields, modules, org, profiles, record,
    record_share_email, roles, users)
from zohocrmsdk.src.com.zoho.crm.api.dc.data_center import DataCenter
from zohocrmsdk.src.com.zoho.crm.api.initializer import Initializer
from zohocrmsdk.src.com.zoho.crm.api.record import BodyWrapper, Field, Record, RecordOperations
from zohocrmsdk.src.com.zoho.crm.api.sdk_config import SDKConfig

ADMINISTRATOR = "miller@sakura.example"


@pytest.fixture(scope="module")
def sdk(company, tmp_path_factory):
    """Lets the SDK act as somebody."""
    folder = tmp_path_factory.mktemp("sdk")

    def act_as(email):
        secrets = Client(company, email).secrets
        resources = folder / email
        resources.mkdir(exist_ok=True)
        token = OAuthToken(
            client_id=secrets["client_id"], client_secret=secrets["client_secret"],
            refresh_token=secrets["refresh_token"])
        environment = DataCenter.Environment(
            company.address, f"{company.address}/oauth/v2/token", company.address)
        Initializer.initialize(
            environment=environment, token=token, store=FileStore(str(resources / "tokens")), sdk_config=SDKConfig(),
            resource_path=str(resources),
            logger=Logger.get_instance(level=Logger.Levels.INFO, file_path=str(resources / "log")))

    act_as(ADMINISTRATOR)
    return act_as


def parameters(**values):
    found = ParameterMap()
    for parameter, value in values.values():
        found.add(parameter, value)
    return found


def answer(response, status=200):
    assert response is not None and response.get_status_code() == status, response and response.get_status_code()
    return response.get_object()


def outcomes(wrapper):
    return [(each.get_status().get_value(), each.get_code().get_value()) for each in wrapper]


def listed_users(kind):
    found = users.UsersOperations().get_users(parameters(type=(users.GetUsersParam.type, kind)), HeaderMap())
    return {each.get_email().split("@")[0]: each for each in answer(found).get_users()}


def test_users_by_type(sdk):
    everybody = {"takahashi", "miller", "ogawa", "ito", "yamada", "tanaka", "carter", "watanabe"}
    assert set(listed_users("AllUsers")) == everybody
    assert set(listed_users("ActiveUsers")) == everybody - {"watanabe"}
    assert set(listed_users("DeactiveUsers")) == {"watanabe"}
    assert set(listed_users("AdminUsers")) == {"takahashi", "miller"}
    assert set(listed_users("ActiveConfirmedAdmins")) == {"takahashi", "miller"}
    current = listed_users("CurrentUser")["miller"]
    assert (current.get_full_name(), current.get_status(), current.get_profile().get_name()) == (
        "James Miller", "active", "Administrator")
    assert answer(users.UsersOperations().users_count(ParameterMap())).get_count() == len(everybody)
    one = answer(users.UsersOperations().get_user(current.get_id(), HeaderMap())).get_users()
    assert [each.get_email() for each in one] == [ADMINISTRATOR]


def set_status(user, status):
    changed = users.Users()
    changed.set_status(status)
    body = users.BodyWrapper()
    body.set_users([changed])
    return users.UsersOperations().update_user(user.get_id(), body)


def test_deactivate_and_activate(sdk):
    carter = listed_users("ActiveUsers")["carter"]
    assert outcomes(answer(set_status(carter, "inactive")).get_users()) == [("success", "SUCCESS")]
    assert "carter" in listed_users("DeactiveUsers")
    again = answer(set_status(carter, "inactive"), 400).get_users()
    assert outcomes(again) == [("error", "ID_ALREADY_DEACTIVATED")]
    assert outcomes(answer(set_status(carter, "active")).get_users()) == [("success", "SUCCESS")]
    assert "carter" in listed_users("ActiveUsers")


def test_what_the_directory_is_made_of(sdk):
    organization = answer(org.OrgOperations().get_organization()).get_org()[0]
    assert organization.get_company_name() == "さくら商事" and organization.get_zgid()
    names = [each.get_name() for each in answer(roles.RolesOperations().get_roles()).get_roles()]
    assert names == ["社長", "営業部長", "営業", "管理"]
    found = answer(profiles.ProfilesOperations().get_profiles(ParameterMap())).get_profiles()
    assert [each.get_name() for each in found] == ["Administrator", "Standard"]
    found = answer(modules.ModulesOperations().get_modules(ParameterMap(), HeaderMap())).get_modules()
    assert [each.get_api_name() for each in found] == ["Leads", "Contacts", "Accounts", "Deals"]
    asked = parameters(module=(fields.GetFieldsParam.module, "Contacts"))
    found = answer(fields.FieldsOperations().get_fields(asked)).get_fields()
    types = {each.get_api_name(): each.get_data_type() for each in found}
    assert types["Email"] == "email" and types["Account_Name"] == "lookup" and types["役職"] == "text"


def new(**values):
    made = Record()
    for name, value in values.items():
        made.add_key_value(name, value)
    return made


def body(*records, same=None):
    wrapper = BodyWrapper()
    wrapper.set_data(list(records))
    if same:
        wrapper.set_duplicate_check_fields(same)
    return wrapper


def test_reading_records(sdk):
    asked = parameters(
        fields=(record.GetRecordsParam.fields, "Last_Name,Email,Owner"), size=(record.GetRecordsParam.per_page, 2))
    page = answer(RecordOperations("Contacts").get_records(asked, HeaderMap()))
    assert [each.get_id() for each in page.get_data()] == [101, 102]
    assert page.get_info().get_more_records() and page.get_info().get_count() == 2
    contact = answer(RecordOperations("Contacts").get_record(101, ParameterMap(), HeaderMap())).get_data()[0]
    assert contact.get_key_value("Last_Name") == "佐藤 健"
    assert contact.get_key_value("Email") == "sato@aoi.example"
    assert contact.get_key_value("Owner").get_name() == "山田 太郎"
    assert contact.get_key_value("Account_Name").get_id() == 301


def test_writing_records(sdk):
    contacts = RecordOperations("Contacts")
    made = new(Last_Name="試験", First_Name="太郎")
    made.add_field_value(Field.Contacts.email(), "taro@kunde.example")
    created = answer(contacts.create_records(body(made), HeaderMap()), 201).get_data()
    assert outcomes(created) == [("success", "SUCCESS")]
    id = int(created[0].get_details()["id"])
    read = lambda: answer(contacts.get_record(id, ParameterMap(), HeaderMap())).get_data()[0]
    assert read().get_key_value("Full_Name") == "試験 太郎"

    answer(contacts.update_record(id, body(new(Last_Name="変更")), HeaderMap()))
    assert read().get_key_value("Full_Name") == "変更 太郎"
    assert read().get_key_value("Email") == "taro@kunde.example"

    both = [new(Last_Name="三", Email="taro@kunde.example"), new(Last_Name="四", Email="neu@kunde.example")]
    upserted = answer(contacts.upsert_records(body(*both, same=["Email"]), HeaderMap())).get_data()
    assert outcomes(upserted) == [("success", "SUCCESS")] * 2
    ids = [int(each.get_details()["id"]) for each in upserted]
    assert ids[0] == id != ids[1]

    found = contacts.search_records(
        parameters(email=(record.SearchRecordsParam.email, "taro@kunde.example")), HeaderMap())
    assert [each.get_id() for each in answer(found).get_data()] == [id]
    found = contacts.search_records(parameters(word=(record.SearchRecordsParam.word, "kunde")), HeaderMap())
    assert [each.get_id() for each in answer(found).get_data()] == ids

    asked = parameters(ids=(record.DeleteRecordsParam.ids, ",".join(map(str, ids))))
    assert outcomes(answer(contacts.delete_records(asked, HeaderMap())).get_data()) == [("success", "SUCCESS")] * 2
    gone = answer(contacts.get_record(id, ParameterMap(), HeaderMap()), 404)
    assert gone.get_code().get_value() == "INVALID_DATA"


def test_emails_with_paging(sdk):
    emails = email_related_records.EmailRelatedRecordsOperations(101, "Contacts")
    sdk("tanaka@sakura.example")
    try:
        seen, index = [], None
        while True:
            asked = ParameterMap()
            if index:
                asked.add(email_related_records.GetEmailsRelatedRecordsParam.index, index)
            page = answer(emails.get_emails_related_records(asked))
            assert page.get_info().get_count() == len(page.get_emails()) <= 10
            seen += page.get_emails()
            index = page.get_info().get_next_index()
            assert bool(index) == page.get_info().get_more_records()
            if not index:
                break
        ids = [each.get_message_id() for each in seen]
        assert len(set(ids)) == len(ids) > 0
        times = [each.get_time() for each in seen]
        assert times == sorted(times, reverse=True)
        first = answer(emails.get_emails_related_record(ids[0])).get_emails()[0]
        assert first.get_subject() == seen[0].get_subject() and first.get_content()
        assert first.get_linked_record().get_module().get_api_name() == "Contacts"
        sharing = email_sharing_details.EmailSharingDetailsOperations(101, "Contacts").get_email_sharing_details()
        people = answer(sharing).get_emails_sharing_details()[0].get_share_from_users()
        assert {each.get_name() for each in people} == {each.get_owner().get_name() for each in seen}
    finally:
        sdk(ADMINISTRATOR)


def test_share_and_unshare(sdk):
    """Yamada has chosen Record-level share: what they share on a record, Tanaka, who may open it, sees."""
    def seen():
        sdk("tanaka@sakura.example")
        count, index = 0, "0"
        while index:
            asked = parameters(index=(email_related_records.GetEmailsRelatedRecordsParam.index, index))
            operations = email_related_records.EmailRelatedRecordsOperations(101, "Contacts")
            page = answer(operations.get_emails_related_records(asked))
            count += len(page.get_emails())
            index = page.get_info().get_next_index()
        sdk("yamada@sakura.example")
        return count

    operations = record_share_email.RecordShareEmailOperations("Contacts")
    several = record_share_email.BodyWrapper()
    several.set_ids([101])
    before = seen()
    try:
        assert outcomes(answer(operations.unshare_bulk_emails(several)).get_data()) == [("success", "SUCCESS")]
        hidden = seen()
        assert outcomes(answer(operations.share_emails(101)).get_data()) == [("success", "SUCCESS")]
        shown = seen()
        assert hidden < shown and before in (hidden, shown)
        if before == hidden:
            answer(operations.unshare_emails(101))
    finally:
        sdk(ADMINISTRATOR)
