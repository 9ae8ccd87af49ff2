//! `MessageList`: a lazy list that is read page by page, and the iterator behind its `foreach`.
//!
//! These two hold Rust state (settings taken at the call, the place in the walk), so they are classes of ext-php-rs. What
//! they hold is plain data: they may be dropped anywhere, in a forked child as well.

use ext_php_rs::convert::IntoZval;
use ext_php_rs::flags::{ClassFlags, DataType};
use ext_php_rs::prelude::{php_class, php_impl};
use ext_php_rs::types::{ZendClassObject, Zval};
use ext_php_rs::zend::ce;

use super::operation::Operation;
use super::values::{count, message};
use super::zend::{Outcome, Raised, caught};
use crate::base::account::AccountName;
use crate::graph::value::Message;
use crate::service::messages::{self, MessageQuery, MessageWalk};

/// The messages of a folder.
#[php_class]
#[php(
    name = "Squeeze\\Graph\\MessageList",
    flags = ClassFlags::Final.union(ClassFlags::NoDynamicProperties)
)]
#[php(implements(ce = ce::aggregate, stub = "\\IteratorAggregate"))]
pub struct MessageList {
    source: Source,
}

/// What is listed.
#[derive(Clone)]
struct Source {
    operation: Operation,
    account: AccountName,
    query: MessageQuery,
}

/// An object as a result that Reflection shows as `\Iterator`.
pub struct IteratorObject(Zval);

impl IntoZval for IteratorObject {
    const TYPE: DataType = DataType::object("Iterator");
    const NULLABLE: bool = false;

    fn set_zval(self, target: &mut Zval, _persistent: bool) -> ext_php_rs::error::Result<()> {
        *target = self.0;
        Ok(())
    }
}

/// Lists messages; makes no request.
pub fn message_list(operation: Operation, account: AccountName, query: MessageQuery) -> Outcome {
    object(MessageList {
        source: Source {
            operation,
            account,
            query,
        },
    })
}

fn object<T: ext_php_rs::class::RegisteredClass>(state: T) -> Outcome {
    let mut value = Zval::new();
    ZendClassObject::new(state).set_zval(&mut value, false)?;
    Ok(value)
}

#[php_impl]
#[php(change_method_case = "camelCase")]
impl MessageList {
    /// Only `list_messages()` makes lists.
    #[php(vis = "private")]
    fn __construct() -> Result<Self, Raised> {
        Err(Raised::internal("Use list_messages()"))
    }

    /// A walk from the beginning.
    fn get_iterator(&self) -> Result<IteratorObject, Raised> {
        let iterator = MessageIterator {
            source: self.source.clone(),
            started: false,
            walk: None,
            page: Vec::new().into_iter(),
            current: None,
            key: 0,
        };
        object(iterator).map(IteratorObject)
    }

    /// How many messages there are, without a limit; one request.
    fn total(&self) -> Result<i64, Raised> {
        let Source {
            operation,
            account,
            query,
        } = self.source.clone();
        caught(|| {
            let total = operation
                .anew()
                .run(None, move |context| messages::total(context, &account, &query))?;
            Ok(count(total))
        })
    }
}

/// The place in a walk through a [`MessageList`].
#[php_class]
#[php(
    name = "Squeeze\\Graph\\MessageIterator",
    flags = ClassFlags::Final.union(ClassFlags::NoDynamicProperties)
)]
#[php(implements(ce = ce::iterator, stub = "\\Iterator"))]
pub struct MessageIterator {
    source: Source,
    started: bool,
    /// None before the first step, and after one that failed: a walk is not taken up in the middle.
    walk: Option<MessageWalk>,
    page: std::vec::IntoIter<Message>,
    current: Option<Message>,
    key: i64,
}

#[php_impl]
#[php(change_method_case = "camelCase")]
impl MessageIterator {
    /// Only a list makes iterators.
    #[php(vis = "private")]
    fn __construct() -> Result<Self, Raised> {
        Err(Raised::internal("Use list_messages()"))
    }

    /// Starts (again) from the beginning.
    fn rewind(&mut self) -> Result<(), Raised> {
        caught(|| {
            self.started = true;
            // A walk is a call: what an earlier one waited, this one may wait as well.
            self.source.operation = self.source.operation.anew();
            self.walk = Some(MessageWalk::new(self.source.query.clone()));
            self.page = Vec::new().into_iter();
            self.key = -1;
            self.advance()
        })
    }

    /// Whether there is a current message.
    fn valid(&mut self) -> Result<bool, Raised> {
        self.begin()?;
        Ok(self.current.is_some())
    }

    /// The current message.
    fn current(&mut self) -> Result<Zval, Raised> {
        self.begin()?;
        caught(|| self.current.as_ref().map_or_else(|| Ok(Zval::null()), message))
    }

    /// Its position.
    fn key(&mut self) -> Result<i64, Raised> {
        self.begin()?;
        Ok(self.key)
    }

    /// The next message; a request at the end of each page.
    fn next(&mut self) -> Result<(), Raised> {
        self.begin()?;
        caught(|| self.advance())
    }
}

impl MessageIterator {
    fn begin(&mut self) -> Outcome<()> {
        if self.started { Ok(()) } else { self.rewind() }
    }

    fn advance(&mut self) -> Outcome<()> {
        self.key += 1;
        self.current = self.page.next();
        if self.current.is_some() {
            return Ok(());
        }
        let Some(mut walk) = self.walk.take() else {
            return Ok(());
        };
        // A walk that goes on in a child of the process that began it has a budget there for all its pages.
        self.source.operation = self.source.operation.here();
        let Source { operation, account, .. } = self.source.clone();
        let (walk, page) = operation.run(None, move |context| {
            let page = walk.next_page(context, &account)?;
            Ok((walk, page))
        })?;
        self.walk = Some(walk);
        self.page = page.into_iter();
        self.current = self.page.next();
        Ok(())
    }
}
