//! A page that could not be, told in words that say what to do next. Handlers return it by `?`; the guard makes a page of
//! it, in the reader's language and, for somebody who has signed in, inside the console's frame.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::Frame;
use crate::store::overview::OverviewError;
use crate::store::{StaffError, StoreError};

/// Japanese and English.
pub(crate) type Text = (String, String);

/// What went wrong.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(super) status: StatusCode,
    pub(super) title: Text,
    pub(super) detail: Text,
}

#[derive(Template)]
#[template(path = "console/failure.html")]
pub(super) struct FailurePage {
    pub(super) frame: Frame,
    pub(super) title: String,
    pub(super) detail: String,
    pub(super) status: u16,
}

impl Failure {
    /// With a title and a sentence on what to do next, each in Japanese and English.
    pub(crate) fn new(status: StatusCode, title: (&str, &str), detail: (&str, &str)) -> Self {
        let owned = |(ja, en): (&str, &str)| (ja.to_owned(), en.to_owned());
        Self { status, title: owned(title), detail: owned(detail) }
    }

    /// Not there, or not within the scope of whoever asks: nobody is told which.
    pub(crate) fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            ("見つかりません", "Not found"),
            (
                "お探しのものは存在しないか、あなたの権限では表示できません。上のメニューから探し直してください。",
                "It does not exist, or it is not yours to see. Please look for it from the menu above.",
            ),
        )
    }

    /// The role does not grant it.
    pub(crate) fn not_granted() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            ("権限がありません", "Your role does not allow this"),
            (
                "この操作にはより大きな権限が必要です。管理者に役割の変更を依頼してください。何も変更されていません。",
                "This needs a greater role. Please ask an administrator of this console to change yours. Nothing was changed.",
            ),
        )
    }

    /// A form that this console did not make for this session.
    pub(super) fn foreign_form() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            ("フォームを受け付けませんでした", "This form was not accepted"),
            (
                "フォームの有効期限が切れたか、別のサイトから送信されました。何も変更されていません。前のページを再読み込みして、もう一度送信してください。",
                "The form is out of date or came from another site. Nothing was changed. Please reload the page before this one and send it again.",
            ),
        )
    }

    /// A body that is no form, or too long a one.
    pub(super) fn no_form(status: StatusCode) -> Self {
        Self::new(
            status,
            ("フォームを読み取れませんでした", "This form could not be read"),
            (
                "送信された内容が大きすぎるか、フォームではありません。何も変更されていません。前のページからもう一度お試しください。",
                "What was sent is too large, or is no form. Nothing was changed. Please try again from the page before this one.",
            ),
        )
    }

    /// Whoever posts has been signed out meanwhile.
    pub(super) fn signed_out() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            ("サインインが必要です", "Please sign in again"),
            (
                "セッションが終了しています。何も変更されていません。サインインしてから、もう一度お試しください。",
                "Your session has ended. Nothing was changed. Please sign in and try again.",
            ),
        )
    }

    /// A defect of ours.
    pub(crate) fn broken() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            ("ページを表示できません", "This page cannot be shown"),
            (
                "内部エラーが発生しました。ログを確認してください。しばらくしてから再読み込みしてください。",
                "Something inside went wrong; the log tells what. Please reload the page in a while.",
            ),
        )
    }

    /// There is no place for it just now.
    pub(crate) fn busy() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            ("ただいま混み合っています", "Too much is asked just now"),
            (
                "何も変更されていません。数秒待ってから再読み込みしてください。検索条件を絞ると早く表示できます。",
                "Nothing was changed. Please reload the page in a few seconds; a narrower search is answered sooner.",
            ),
        )
    }

    /// Something that this console's own rules refuse, told in both languages.
    pub(crate) fn refused(ja: &str, en: &str) -> Self {
        Self::new(StatusCode::CONFLICT, ("実行できませんでした", "This was not done"), (ja, en))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the console's book does not answer");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            ("データベースが応答しません", "The database does not answer"),
            (
                "しばらくしてから再読み込みしてください。続く場合は、ゲートウェイのログを確認してください。",
                "Please reload the page in a while. If this comes again, the gateway's log tells why.",
            ),
        )
    }
}

impl From<OverviewError> for Failure {
    fn from(error: OverviewError) -> Self {
        match error {
            OverviewError::Busy => {
                tracing::warn!("the console's reading connections are all busy");
                Self::busy()
            }
            OverviewError::Unavailable(error) => error.into(),
        }
    }
}

impl From<StaffError> for Failure {
    fn from(error: StaffError) -> Self {
        match error {
            StaffError::Unavailable(error) => error.into(),
            StaffError::Unknown => Self::not_found(),
            StaffError::NameTaken => Self::refused(
                "この名前はすでに使われています。別の名前を選んでください。",
                "This name is taken. Please choose another.",
            ),
            StaffError::TooMany => Self::refused(
                "この店舗（または運用者）のアカウント数が上限に達しているため、追加しませんでした。使われていないアカウントを無効にしても枠は空きません。既存のアカウントの役割を変えるか、パスワードを再発行して使ってください。",
                "There are as many accounts of this shop, or of operators, as this console holds, so none was added. Disabling one makes no room: please give an account that is not needed a new password and role instead.",
            ),
            StaffError::Disabled => Self::refused(
                "このアカウントは無効です。先に有効にしてください。",
                "This account is disabled. Please enable it first.",
            ),
            StaffError::CodeUsed => Self::refused(
                "この確認コードはすでに使われました。次のコードが表示されるまでお待ちください。",
                "This code was used before. Please wait for the next one.",
            ),
            StaffError::Outdated => Self::refused(
                "その間にパスワード、二段階認証、またはセッションが変更されました。もう一度サインインしてください。",
                "The password, the second factor or the session was changed meanwhile. Please sign in again.",
            ),
            StaffError::DisabledByOperator => Self::refused(
                "このアカウントは運用者が無効にしました。有効にできるのは運用者だけです。",
                "An operator has disabled this account; only an operator enables it.",
            ),
            StaffError::LastAdministrator => Self::refused(
                "これは全店舗を管理できる最後のアカウントです。先に別の運用者を管理者にしてください。",
                "This is the last account that looks after every shop. Please make another operator an administrator first.",
            ),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
